"""The one atomic call: every window and every place at once, taken all or none, by the clock of Redis.

The moving window of ``limits`` takes the caller's clock: two web servers half a second apart would each open the other's
window early. It also knows one key per call, so a request refused by its second limit would still eat from the first.
"""

from typing import Final

# A tightened limit is at least this share of the one in the table; load.py has the same bound.
FLOOR: Final = 0.25
# The busiest refused networks; the least of them makes room.
MOST_LABELS: Final = 500

# KEYS: the factor, the list of refused networks, then one key per entry.
# ARGV: take (1) or look (0), this request's token, the label of its network, then per entry: kind, limit, span (µs), scales.
# A window is a list of the times (µs) at which requests were admitted, oldest first; one is over at its time + span.
# Places are a sorted set of tokens by the time at which they are given up for lost.
# Answers: allowed, number of the entry to wait for longest, wait (µs), time (µs), factor, then per entry: left, µs to the next.
TAKE: Final = f"""
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local stamp = string.format('%.0f', now)
local factor = tonumber(redis.call('GET', KEYS[1]) or '1') or 1
factor = math.max({FLOOR}, math.min(1, factor))

local function in_window(key, edge)
  local n = redis.call('LLEN', key)
  if n == 0 or tonumber(redis.call('LINDEX', key, 0)) > edge then return n end
  local low, high = 1, n
  while low < high do
    local middle = math.floor((low + high) / 2)
    if tonumber(redis.call('LINDEX', key, middle)) <= edge then low = middle + 1 else high = middle end
  end
  redis.call('LPOP', key, low)
  return n - low
end

local entries, refused, wait = {{}}, 0, 0
for i = 1, #KEYS - 2 do
  local a = 4 * i
  local e = {{key = KEYS[i + 2], kind = ARGV[a], limit = tonumber(ARGV[a + 1]), span = tonumber(ARGV[a + 2])}}
  if ARGV[a + 3] == '1' then e.limit = math.max(1, math.floor(e.limit * factor)) end
  if e.kind == 'place' then
    redis.call('ZREMRANGEBYSCORE', e.key, '-inf', stamp)
    e.used = redis.call('ZCARD', e.key)
    e.free = 1000000
  else
    e.used = in_window(e.key, now - e.span)
    -- A clock that was set back would keep a full window full for as long: forget what lies in the future.
    if e.used >= e.limit and tonumber(redis.call('LINDEX', e.key, -1)) > now + 1000000 then
      redis.call('DEL', e.key)
      e.used = 0
    end
    e.free = e.span
    if e.used > 0 then
      local first = redis.call('LINDEX', e.key, math.max(0, e.used - e.limit))
      e.free = tonumber(first) + e.span - now
    end
  end
  if e.used >= e.limit and (refused == 0 or e.free > wait) then refused, wait = i, e.free end
  entries[i] = e
end

local answer = {{refused == 0 and 1 or 0, refused, wait, stamp, tostring(factor)}}
for _, e in ipairs(entries) do
  if refused == 0 and ARGV[1] == '1' then
    if e.kind == 'place' then
      redis.call('ZADD', e.key, string.format('%.0f', now + e.span), ARGV[2])
    else
      redis.call('RPUSH', e.key, stamp)
    end
    redis.call('PEXPIRE', e.key, math.ceil(e.span / 1000))
    e.used = e.used + 1
  end
  answer[#answer + 1] = math.max(0, e.limit - e.used)
  answer[#answer + 1] = math.max(0, e.free)
end

if refused > 0 and ARGV[3] ~= '' then
  redis.call('ZINCRBY', KEYS[2], 1, ARGV[3])
  if redis.call('ZCARD', KEYS[2]) > {MOST_LABELS} then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, 0) end
  redis.call('EXPIRE', KEYS[2], 7200)
end
return answer
"""
