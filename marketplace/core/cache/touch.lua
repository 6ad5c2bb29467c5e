-- Gives each tag a new generation: whatever was made under an older one is no longer believed.
-- ARGV: tag prefix, a random word, life of a generation (ms), then the tags.
local clock = redis.call('TIME')
local generation = 't' .. string.format('%010d%06d', clock[1], clock[2]) .. ARGV[2]
for i = 4, #ARGV do redis.call('SET', ARGV[1] .. ARGV[i], generation, 'PX', ARGV[3]) end
return {generation}
