import { STATE } from './redis-inbox-scripts.ts'
import { redisScript } from './redis-script.ts'
import { FORGET_SETTING } from './redis-setting-scripts.ts'
import { TAKE_BACK } from './redis-tenant-scripts.ts'

/** ARGV: start of the members of `order` that are dead. Gives by how many they and the members of `dead` differ. */
export const unlistedScript = redisScript(`
local listed = redis.call('ZLEXCOUNT', order, '[' .. ARGV[1], '(' .. ARGV[1] .. '\\255')
return listed - redis.call('ZCARD', dead)`)

/** ARGV: tenantId, the record as it was read, head, place among the dead. 0 = it was listed, or has changed since. */
export const listDeathScript = redisScript(`
local id, record, head, death = unpack(ARGV)
if redis.call('HGET', tenants, id) ~= record then return 0 end
if cjson.decode(redis.call('HGET', heads, id)).death == death then return 0 end
redis.call('HSET', heads, id, head)
redis.call('ZADD', dead, 0, death)
return 1`)

/**
 * ARGV: first and last place among the dead as ZRANGEBYLEX takes them, limit. Gives records. A place whose tenant has
 * another one, or none, was left by a version of this package that knows no places; it goes.
 */
export const listDeadScript = redisScript(`
local first, last, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local found = {}
while #found < limit do
  local members = redis.call('ZRANGEBYLEX', dead, first, last, 'LIMIT', 0, limit - #found)
  if #members == 0 then break end
  for _, member in ipairs(members) do
    local id = string.match(member, '[^%z]*$')
    local head = redis.call('HGET', heads, id)
    if head and cjson.decode(head).death == member then
      found[#found + 1] = redis.call('HGET', tenants, id)
    else
      redis.call('ZREM', dead, member)
    end
  end
  first = '(' .. members[#members]
end
return found`)

/**
 * ARGV: tenantId, the record as it was read, name of the claim, milliseconds that it lasts. 1 = whoever has this claim
 * may remove the tenant, 0 = it has changed since, or somebody else is at it. The time is the server's: there is one.
 */
export const claimDeadScript = redisScript(`
local id, record, claim, lease = unpack(ARGV)
if redis.call('HGET', tenants, id) ~= record then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HGET', purges, id)
if held and tonumber(string.match(held, '^%d+')) > now then return 0 end
-- When its memory is full Redis refuses only a first write that adds, and purging makes room.
redis.call('HDEL', purges, id)
redis.call('HSET', purges, id, string.format('%.0f %s', now + lease, claim))
return 1`)

const GIVE_UP_CLAIM = `
local function give_up(id, claim)
  local held = redis.call('HGET', purges, id)
  if not held or string.match(held, ' (.*)$') ~= claim then return false end
  redis.call('HDEL', purges, id)
  return true
end`

/** ARGV: tenantId, name of the claim. Somebody else may remove the tenant now. */
export const giveUpClaimScript = redisScript(`${GIVE_UP_CLAIM}
return give_up(ARGV[1], ARGV[2]) and 1 or 0`)

/**
 * ARGV: tenantId, the record as it was read, name of the claim, channel, sender. Removes the tenant and all that is
 * its own. 0 = it has changed since, or the claim had run out and somebody else has it.
 */
export const removeScript = redisScript(`${STATE}${TAKE_BACK}${FORGET_SETTING}${GIVE_UP_CLAIM}
local id, record, claim, channel, sender = unpack(ARGV)
if not give_up(id, claim) then return 0 end
if redis.call('HGET', tenants, id) ~= record then return 0 end
local head = cjson.decode(redis.call('HGET', heads, id))
take_back(head)
redis.call('HDEL', tenants, id)
redis.call('HDEL', heads, id)
redis.call('HDEL', owners, id)
local start = id .. '\\0'
local function all(index)
  return redis.call('ZRANGEBYLEX', index, '[' .. start, '(' .. start .. '\\255')
end
for _, index in ipairs({ pending, settled_of }) do
  for _, member in ipairs(all(index)) do
    local delivery = string.sub(member, #start + 1)
    local state = state_of(delivery)
    if state then
      forget_name(delivery, state)
      dequeue(delivery, state)
    end
    redis.call('ZREM', settled, delivery)
    redis.call('HDEL', deliveries, delivery)
    redis.call('HDEL', states, delivery)
    redis.call('ZREM', index, member)
  end
end
for _, name in ipairs(all(setting_keys)) do forget_setting(name) end
redis.pcall('PUBLISH', channel, cjson.encode({ head.client_key, sender }))
return 1`)
