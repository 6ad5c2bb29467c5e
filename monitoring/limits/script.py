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
# ARGV: take (1) or look (0), this request's token, the label of its network, how many requests are asked for at once, how
# long they may be spent (µs), then per entry: kind, limit, span (µs), scales.
# Of several requests asked for at once at most a quarter of what is left is given, one at least. They are written down at the
# latest moment at which they may be spent: in no span are more admitted than its limit, whoever spends them when.
# A window is a list of the times (µs) at which requests were admitted, oldest first; one is over at its time + span.
# Places are a sorted set of tokens by the time at which they are given up for lost.
# Answers: allowed, number of the entry to wait for longest, wait (µs), time (µs), factor, how many were given, then per
# entry: left, µs to the next, and the time at which they were written down.
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
  local a = 4 * i + 2
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

local given = refused == 0 and 1 or 0
if refused == 0 and tonumber(ARGV[4]) > 1 then
  given = tonumber(ARGV[4])
  for _, e in ipairs(entries) do
    given = math.min(given, math.max(1, math.floor((e.limit - e.used) / 4)))
  end
end

local answer = {{refused == 0 and 1 or 0, refused, wait, stamp, tostring(factor), given}}
for _, e in ipairs(entries) do
  if refused == 0 and ARGV[1] == '1' then
    if e.kind == 'place' then
      redis.call('ZADD', e.key, string.format('%.0f', now + e.span), ARGV[2])
    else
      local at = now
      if given > 1 then at = now + tonumber(ARGV[5]) end
      -- Never before its neighbour: the list stays in order.
      local last = tonumber(redis.call('LINDEX', e.key, -1) or '0')
      if last > at and last <= now + 1000000 then at = last end
      e.at = string.format('%.0f', at)
      for _ = 1, given do redis.call('RPUSH', e.key, e.at) end
    end
    redis.call('PEXPIRE', e.key, math.ceil((e.span + (tonumber(e.at or stamp) - now)) / 1000))
    e.used = e.used + given
  end
  answer[#answer + 1] = math.max(0, e.limit - e.used)
  answer[#answer + 1] = math.max(0, e.free)
  answer[#answer + 1] = e.at or '0'
end

if refused > 0 and ARGV[3] ~= '' then
  redis.call('ZINCRBY', KEYS[2], 1, ARGV[3])
  if redis.call('ZCARD', KEYS[2]) > {MOST_LABELS} then redis.call('ZREMRANGEBYRANK', KEYS[2], 0, 0) end
  redis.call('EXPIRE', KEYS[2], 7200)
end
return answer
"""

# KEYS: windows. ARGV: how many requests were not spent, then per window the time at which they were written down.
GIVE_BACK: Final = """
for i, key in ipairs(KEYS) do
  redis.call('LREM', key, -tonumber(ARGV[1]), ARGV[i + 1])
end
return #KEYS
"""
