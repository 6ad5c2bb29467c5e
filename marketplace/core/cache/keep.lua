-- Keeps a loaded value, unless something it was made of has been touched since its load began.
--
-- KEYS: value, lease. ARGV: tag prefix, claimant, born (when the load began, by this clock), since (touches from then on
-- forbid it), life (ms), life of a generation (ms), number of tags, then tag and known generation ('' when it was found
-- out during the load) in turns, then the body.
-- Answers {verdict, generations…}: kept, touched, or older (a later load was faster: the fence).
local prefix, claimant, born = ARGV[1], ARGV[2], ARGV[3]
local clock = redis.call('TIME')
local stamp = string.format('%010d%06d', clock[1], clock[2])

if redis.call('GET', KEYS[2]) == claimant then redis.call('DEL', KEYS[2]) end
if stamp < born then return {'touched'} end
local rival = redis.call('GETRANGE', KEYS[1], 6, 21)
if rival ~= '' and rival > born then return {'older'} end

local head, answer = {born}, {'kept'}
for i = 1, tonumber(ARGV[7]) do
  local tag, known = ARGV[6 + 2 * i], ARGV[7 + 2 * i]
  local generation = redis.call('GET', prefix .. tag)
  if known ~= '' then
    if generation ~= known then return {'touched'} end
  elseif not generation then
    generation = 'c' .. stamp .. claimant
    redis.call('SET', prefix .. tag, generation, 'PX', ARGV[6])
  elseif string.sub(generation, 1, 1) == 't' and string.sub(generation, 2, 17) >= ARGV[4] then
    return {'touched'}
  end
  redis.call('PEXPIRE', prefix .. tag, ARGV[6])
  head[#head + 1] = tag .. '=' .. generation .. '\n'
  answer[#answer + 1] = generation
end
local text = table.concat(head)
redis.call('SET', KEYS[1], string.format('%06d', #text) .. text .. ARGV[#ARGV], 'PX', ARGV[5])
return answer
