-- Gives each tag a new generation: whatever was made under an older one is no longer believed.
-- ARGV: tag prefix, a random word, life of a generation (ms), life of one that nothing was made under yet, then the tags.
-- The latter need only outlive the loads that are under way: an import touches far more things than anybody looks at.
local clock = redis.call('TIME')
local generation = 't' .. string.format('%010d%06d', clock[1], clock[2]) .. ARGV[2]
for i = 5, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  if not redis.call('SET', key, generation, 'XX', 'PX', ARGV[3]) then
    redis.call('SET', key, generation, 'PX', ARGV[4])
  end
end
return {generation}
