import { STATE } from './redis-inbox-scripts.ts'
import { redisScript } from './redis-script.ts'
import { FORGET_SETTING } from './redis-setting-scripts.ts'
import { PLACES, TELL, WHOLE } from './redis-tenant-scripts.ts'
import { FORGET_TOKEN } from './redis-token-scripts.ts'

/** ARGV: first and last place among the dead as ZRANGEBYLEX takes them, limit. Gives tenants. */
export const listDeadScript = redisScript(`${WHOLE}
local found = {}
for n, member in ipairs(redis.call('ZRANGEBYLEX', dead, ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  found[n] = whole(string.match(member, '[^%z]*$'))
end
return found`)

/**
 * ARGV: tenantId, what is shared as it was read, name of the claim, milliseconds that it lasts. 1 = whoever has this claim
 * may remove the tenant, 0 = it has changed since, or somebody else is at it. The time is the server's: there is one.
 */
export const claimDeadScript = redisScript(`
local id, root, claim, lease = unpack(ARGV)
if redis.call('HGET', tenants, id) ~= root then return 0 end
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
 * ARGV: tenantId, what is shared as it was read, name of the claim, channel, sender. Removes the tenant and all that is
 * its own. 0 = it has changed since, or the claim had run out and somebody else has it.
 */
export const removeScript = redisScript(`${STATE}${PLACES}${TELL}${FORGET_SETTING}${FORGET_TOKEN}${GIVE_UP_CLAIM}
local id, root, claim, channel, sender = unpack(ARGV)
if not give_up(id, claim) then return 0 end
if redis.call('HGET', tenants, id) ~= root then return 0 end
local head = cjson.decode(redis.call('HGET', heads, id))
give_places(head)
for _, one in ipairs(head.connects) do
  redis.call('HDEL', client_keys, one.clientKey)
  redis.call('HDEL', registrations, one.connectId)
end
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
for _, name in ipairs(all(token_names)) do forget_token(name) end
tell(head, channel, sender)
return 1`)
