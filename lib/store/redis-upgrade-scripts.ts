import { KEY_VARIABLES, OLD_KEY_TARGETS } from './redis-keys.ts'
import { redisScript } from './redis-script.ts'
import { PLACES } from './redis-tenant-scripts.ts'

/**
 * ARGV: the version of this layout. Claims empty storage, and takes the data of an app in the first layout away from
 * processes that know only that: each of its keys becomes a text, on which every command of theirs fails. Gives the
 * version that was there, or this one, and how many tenants wait for their upgrade.
 *
 * The first write is one that Redis refuses when its memory is full, or a RENAME, after which it refuses none.
 */
export const claimScript = redisScript(`
local layout = ARGV[1]
local version = redis.call('GET', schema)
if version and version ~= '1' and version ~= layout then return { version, 0 } end
local targets = { ${OLD_KEY_TARGETS.join(', ')} }
local kinds = {}
for n, target in ipairs(targets) do
  local old = KEYS[${KEY_VARIABLES.length} + n]
  kinds[n] = redis.call('TYPE', old).ok
  if target > 0 and kinds[n] ~= 'none' and kinds[n] ~= 'string' and redis.call('EXISTS', KEYS[target]) == 1 then
    return { 'mixed', 0 }
  end
end
if version ~= layout then redis.call('SET', schema, layout) end
for n, target in ipairs(targets) do
  local old = KEYS[${KEY_VARIABLES.length} + n]
  if kinds[n] ~= 'string' then
    if target > 0 and kinds[n] ~= 'none' then redis.call('RENAME', old, KEYS[target]) end
    redis.call('SET', old, layout)
  end
end
return { layout, redis.call('HLEN', old_tenants) }`)

/** ARGV: limit. Gives old records of some that wait. Several processes seldom get the same. */
export const waitingScript = redisScript(`
local ids = redis.call('HRANDFIELD', old_tenants, ARGV[1])
return #ids == 0 and ids or redis.call('HMGET', old_tenants, unpack(ids))`)

/**
 * ARGV: tenantId, old record, what is shared, head, connectId, clientKey, registration. Puts one tenant into this
 * layout. 0 = another process has done it.
 */
export const upgradeScript = redisScript(`${PLACES}
local id, record, root, head, connect, key, registration = unpack(ARGV)
if redis.call('HGET', old_tenants, id) ~= record then return 0 end
redis.call('HSET', tenants, id, root)
redis.call('HSET', heads, id, head)
redis.call('HSET', registrations, connect, registration)
redis.call('HSET', client_keys, key, id)
take_places(id, cjson.decode(head))
redis.call('HDEL', old_tenants, id)
return 1`)
