-- Claims the right to load a value that is valid but old. KEYS: lease. ARGV: as in read.lua.
-- Answers {claimed, born, recently touched, generations of the tags known before the load…}.
local prefix, claimant = ARGV[1], ARGV[2]
if not redis.call('SET', KEYS[1], claimant, 'NX', 'PX', ARGV[3]) then return {0} end
local clock = redis.call('TIME')
local stamp = string.format('%010d%06d', clock[1], clock[2])
local answer = {1, stamp, 0}
for i = 6, #ARGV do
  local generation = redis.call('GET', prefix .. ARGV[i])
  if not generation then
    generation = 'c' .. stamp .. claimant
    redis.call('SET', prefix .. ARGV[i], generation, 'PX', ARGV[4])
  end
  if string.sub(generation, 1, 1) == 't' and tonumber(stamp) - tonumber(string.sub(generation, 2, 17)) < tonumber(ARGV[5]) then
    answer[3] = 1
  end
  answer[#answer + 1] = generation
end
return answer
