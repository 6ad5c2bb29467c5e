-- One decision about one breaker, atomic, by this server's clock.
--
-- The hash holds: until (ms; opened when present), since (ms; when the state was last left or entered), cause,
-- probe and probe_until (who may try, and until when), row (failures in a row), last_success, last_failure,
-- s:<slice> and f:<slice> (successes and failures per sixth of the window).
local key = KEYS[1]
local op, token, cause = ARGV[1], ARGV[2], ARGV[5]
local count, asked_for = tonumber(ARGV[3]), tonumber(ARGV[4])
local most, window, share = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local rest, longest, lease = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local WEEK = 7 * 24 * 3600 * 1000

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local slice = math.floor(now / (window / 6))

local kept = {}
local flat = redis.call('HGETALL', key)
for i = 1, #flat, 2 do kept[flat[i]] = flat[i + 1] end

local function number(name) return tonumber(kept[name] or '0') end

local function put(name, value)
  -- Plain tostring would write a time as 1.8e+12.
  if type(value) == 'number' then value = string.format('%.0f', value) end
  kept[name] = value
  redis.call('HSET', key, name, value)
end

local function drop(name)
  if kept[name] then
    kept[name] = nil
    redis.call('HDEL', key, name)
  end
end

local function tally(kind)
  local sum = 0
  for name, value in pairs(kept) do
    local at = tonumber(string.match(name, '^' .. kind .. ':(%d+)$') or '')
    if at and at > slice - 6 then sum = sum + tonumber(value) end
  end
  return sum
end

local function forget_counts(before)
  local old = {}
  for name in pairs(kept) do
    local at = tonumber(string.match(name, '^[sf]:(%d+)$') or '')
    if at and at <= before then old[#old + 1] = name end
  end
  for _, name in ipairs(old) do drop(name) end
end

local function state()
  if not kept['until'] then return 'closed' end
  -- Further away than anybody may ask for: this server's clock was set back, or the policy has become shorter.
  local left = number('until') - now
  if left > 0 and left <= math.max(rest, longest) then return 'open' end
  return 'half_open'
end

-- Whether somebody is trying again right now.
local function probing()
  return kept['probe'] and number('probe_until') > now and number('probe_until') - now <= lease
end

local transition = ''

local function open()
  if state() == 'closed' then put('since', now) end
  local pause = rest
  if asked_for > 0 then pause = math.min(asked_for, longest) end
  put('until', now + pause)
  put('cause', cause)
  drop('probe')
  drop('probe_until')
  transition = 'open'
end

local function close()
  for _, name in ipairs({'until', 'probe', 'probe_until', 'row', 'cause'}) do drop(name) end
  forget_counts(slice)
  put('since', now)
  transition = 'closed'
end

local function note_successes()
  if count > 0 then
    put('s:' .. string.format('%.0f', slice), number('s:' .. string.format('%.0f', slice)) + count)
    put('last_success', now)
    drop('row')
    forget_counts(slice - 6)
  end
end

local mine = token ~= '' and kept['probe'] == token
local verdict, wait = 1, 0

if op == 'ask' then
  local found = state()
  if found == 'closed' then
    note_successes()
  elseif found == 'open' then
    verdict, wait = 0, number('until') - now
  elseif probing() then
    verdict, wait = 0, number('probe_until') - now
  else
    verdict = 2
    put('probe', token)
    put('probe_until', now + lease)
    transition = 'half_open'
  end
elseif op == 'ok' then
  if mine then
    close()
    put('last_success', now)
  elseif state() == 'closed' then
    note_successes()
  else
    -- A call that began before the breaker opened: good to know, no reason to close.
    put('last_success', now)
  end
elseif op == 'fail' then
  local found = state()
  if found == 'closed' then
    note_successes()
    local name = 'f:' .. string.format('%.0f', slice)
    -- A failure long after the one before does not continue its row.
    local row = now - number('last_failure') > window and 0 or number('row')
    put('row', row + 1)
    put(name, number(name) + 1)
    local failed = tally('f')
    local many = failed >= most and failed >= share * (failed + tally('s'))
    if asked_for > 0 or row + 1 >= most or many then open() end
  elseif mine then
    open()
  elseif asked_for > 0 and found == 'open' then
    put('until', math.max(number('until'), now + math.min(asked_for, longest)))
  end
  put('last_failure', now)
elseif op == 'drop' then
  if mine then
    drop('probe')
    drop('probe_until')
  end
elseif op == 'read' then
  if state() == 'half_open' and probing() then verdict, wait = 0, number('probe_until') - now end
elseif op == 'reset' then
  if state() ~= 'closed' then close() else forget_counts(slice) drop('row') end
end

if op ~= 'read' and redis.call('EXISTS', key) == 1 then redis.call('PEXPIRE', key, WEEK) end

return {
  verdict, wait, state(), transition, string.format('%.0f', now), kept['since'] or '0', kept['until'] or '0',
  kept['last_success'] or '0', kept['last_failure'] or '0', tally('f'), kept['cause'] or '',
}
