import { redisScript } from './redis-script.ts'

/** At most this many are taken up by one script: Redis does nothing else meanwhile, and a value may be large. */
export const SETTINGS_BATCH = 100

/**
 * What the scripts know of a setting, `version expiry time-of-change value`: texts, because a script would round large
 * numbers. The expiry is empty for one that stays.
 */
const SETTING = `
local function header(text)
  if text then return string.match(text, '^(%d+) (%-?%d*) ') end
end
local function is_live(expires, now)
  return expires == '' or tonumber(expires) > tonumber(now)
end
local function live_setting(name, now)
  local text = redis.call('HGET', settings, name)
  local version, expires = header(text)
  if version and is_live(expires, now) then return text, version end
end`

/** `forget_setting(name)`: removes one, whether it has expired or not. */
export const FORGET_SETTING = `
local function forget_setting(name)
  redis.call('HDEL', settings, name)
  redis.call('ZREM', setting_keys, name)
  redis.call('ZREM', setting_expiries, name)
end`

/** ARGV: name, now. Gives the setting, nothing if there is none. */
export const getSettingScript = redisScript(`${SETTING}
return (live_setting(ARGV[1], ARGV[2]))`)

/**
 * ARGV: tenantId, name, time of the change, expiry or '', value, the version it must have ('' = there must be none,
 * 'any'), the version of one that was not there. Gives the new version, 'conflict' or 'no-tenant'.
 */
export const setSettingScript = redisScript(`${SETTING}
local tenant, name, now, expires, value, expected, first = unpack(ARGV)
local root = redis.call('HGET', tenants, tenant)
if not root or cjson.decode(root).adoptedBy ~= cjson.null then return 'no-tenant' end
local _, live = live_setting(name, now)
if expected ~= 'any' and expected ~= (live or '') then return 'conflict' end
local stored = header(redis.call('HGET', settings, name))
local version = stored and string.format('%.0f', stored + 1) or first
redis.call('HSET', settings, name, version .. ' ' .. expires .. ' ' .. now .. ' ' .. value)
redis.call('ZADD', setting_keys, 0, name)
if expires == '' then
  redis.call('ZREM', setting_expiries, name)
else
  redis.call('ZADD', setting_expiries, expires, name)
end
return version`)

/** ARGV: name, now, the version it must have or 'any'. 1 = deleted, 0 = there is none, -1 = it has another version. */
export const deleteSettingScript = redisScript(`${SETTING}${FORGET_SETTING}
local name, now, expected = unpack(ARGV)
local _, version = live_setting(name, now)
if not version then return 0 end
if expected ~= 'any' and expected ~= version then return -1 end
forget_setting(name)
return 1`)

/** ARGV: first name as ZRANGEBYLEX takes it, start of all names, limit, now. Gives name and setting of each in turn. */
export const listSettingsScript = redisScript(`${SETTING}
local first, start, limit, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local last = '(' .. start .. '\\255'
local found = {}
while #found < 2 * limit do
  local names = redis.call('ZRANGEBYLEX', setting_keys, first, last, 'LIMIT', 0, limit - #found / 2)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    local text = live_setting(name, now)
    if text then
      found[#found + 1] = name
      found[#found + 1] = text
    end
  end
  first = '(' .. names[#names]
end
return found`)

/** ARGV: the time. Gives how many are gone; ${SETTINGS_BATCH} = there may be more. */
export const sweepSettingsScript = redisScript(`${FORGET_SETTING}
local names = redis.call('ZRANGEBYSCORE', setting_expiries, '-inf', ARGV[1], 'LIMIT', 0, ${SETTINGS_BATCH})
for _, name in ipairs(names) do forget_setting(name) end
return #names`)

/**
 * ARGV: tenantId to move to, start of the names to move from, start of the names to move to, first name as ZRANGEBYLEX
 * takes it. Gives how many moved, and the last name that was looked at where there may be more; nothing for a tenant
 * that does not exist.
 */
export const moveSettingsScript = redisScript(`${FORGET_SETTING}
local to, source, target, first = unpack(ARGV)
if redis.call('HEXISTS', tenants, to) == 0 then return {} end
local names = redis.call('ZRANGEBYLEX', setting_keys, first, '(' .. source .. '\\255', 'LIMIT', 0, ${SETTINGS_BATCH})
local moved = 0
for _, name in ipairs(names) do
  local other = target .. string.sub(name, #source + 1)
  if redis.call('HEXISTS', settings, other) == 0 then
    redis.call('HSET', settings, other, redis.call('HGET', settings, name))
    redis.call('ZADD', setting_keys, 0, other)
    local expires = redis.call('ZSCORE', setting_expiries, name)
    if expires then redis.call('ZADD', setting_expiries, expires, other) end
    forget_setting(name)
    moved = moved + 1
  end
end
return { moved, #names == ${SETTINGS_BATCH} and names[#names] or nil }`)
