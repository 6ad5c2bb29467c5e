-- Reads one value and says whether it may be believed; on a miss it may claim the right to load it anew.
--
-- A value is "<6 digits: length of its head><head><body>", a head "<16 digits: born>" and "tag=generation" lines.
-- KEYS: value, lease. ARGV: tag prefix, claimant ('' to look only), lease (ms), life of a generation (ms), the span after
-- a touch in which a replica is not believed (µs), then the tags known before the load.
-- Answers {value} when it is valid, else {false, claimed, born, recently touched, generations of those tags…}.
local prefix, claimant = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local stamp = string.format('%010d%06d', clock[1], clock[2])

local function recently(generation)
  return generation and string.sub(generation, 1, 1) == 't'
    and tonumber(stamp) - tonumber(string.sub(generation, 2, 17)) < tonumber(ARGV[5])
end

local recent = 0
local held = redis.call('GET', KEYS[1])
if held then
  local size = tonumber(string.sub(held, 1, 6))
  local valid = size ~= nil
  local keys, wanted = {}, {}
  if valid then
    for tag, generation in string.gmatch(string.sub(held, 23, 6 + size), '([^=\n]+)=([^=\n]+)\n') do
      keys[#keys + 1] = prefix .. tag
      wanted[#wanted + 1] = generation
    end
  end
  if #keys > 0 then
    local found = redis.call('MGET', unpack(keys))
    for i = 1, #keys do
      if found[i] ~= wanted[i] then
        valid = false
        if recently(found[i]) then recent = 1 end
      end
    end
  end
  if valid then return {held} end
end

if claimant == '' then return {false} end
if not redis.call('SET', KEYS[2], claimant, 'NX', 'PX', ARGV[3]) then return {false, 0} end
local answer = {false, 1, stamp, recent}
for i = 6, #ARGV do
  local generation = redis.call('GET', prefix .. ARGV[i])
  if not generation then
    generation = 'c' .. stamp .. claimant
    redis.call('SET', prefix .. ARGV[i], generation, 'PX', ARGV[4])
  end
  if recently(generation) then answer[4] = 1 end
  answer[#answer + 1] = generation
end
return answer
