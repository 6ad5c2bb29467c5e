-- Gives a claim back, at once (0) or after so many ms, unless somebody else has taken it since.
-- KEYS: lease. ARGV: tag prefix, claimant, ms.
if redis.call('GET', KEYS[1]) ~= ARGV[2] then return {0} end
if ARGV[3] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return {1}
