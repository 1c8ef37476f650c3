import { PUT_DELIVERY } from './redis-inbox-scripts.ts'
import { redisScript } from './redis-script.ts'

/** ARGV: the version of this layout. Gives the version that is there, ours if there was none. */
export const openScript = redisScript(`
local version = redis.call('GET', schema)
if version then return version end
redis.call('SET', schema, ARGV[1])
return ARGV[1]`)

/** ARGV: channel, note. Tells it the way a save does. */
export const notifyScript = redisScript(`
return redis.call('PUBLISH', ARGV[1], ARGV[2])`)

/** `take_back(head)`: removes the names and the places of a tenant. */
export const TAKE_BACK = `
local function take_back(old)
  redis.call('HDEL', client_keys, old.client_key)
  redis.call('ZREM', base_urls, old.base_url)
  for _, name in ipairs(old.installations) do redis.call('HDEL', installations, name) end
  for _, member in ipairs(old.installation_ids) do redis.call('ZREM', installation_ids, member) end
  for _, member in ipairs(old.order) do redis.call('ZREM', order, member) end
  if old.death then redis.call('ZREM', dead, old.death) end
end
`

/**
 * ARGV: appKey, tenantId, expected version or '', record, head, channel, sender, then deliveryId, record and state of
 * each delivery. Everything is asked before the first write, because Redis takes no write back.
 *
 * The first write is one that Redis refuses when its memory is full; from then on it refuses none of this script.
 */
export const saveScript = redisScript(`${PUT_DELIVERY}${TAKE_BACK}
local app, id, expected, record, head_text, channel, sender = unpack(ARGV, 1, 7)
local owner = redis.call('HGET', owners, id)
if owner and owner ~= app then return 'conflict' end
local stored = redis.call('HGET', heads, id)
local old = stored and cjson.decode(stored)
if (old and old.version or '') ~= expected then return 'conflict' end
local head = cjson.decode(head_text)
local holder = redis.call('HGET', client_keys, head.client_key)
if holder and holder ~= id then return 'conflict' end
for _, name in ipairs(head.installations) do
  holder = redis.call('HGET', installations, name)
  if holder and holder ~= id then return 'conflict' end
end
for n = 8, #ARGV, 3 do
  local tenant = cjson.decode(ARGV[n + 2]).tenant
  if tenant ~= id and redis.call('HEXISTS', tenants, tenant) == 0 then return 'no-tenant' end
end

redis.call('HSET', owners, id, app)
if old then take_back(old) end
redis.call('HSET', tenants, id, record)
redis.call('HSET', heads, id, head_text)
redis.call('HSET', client_keys, head.client_key, id)
redis.call('ZADD', base_urls, 0, head.base_url)
for _, name in ipairs(head.installations) do redis.call('HSET', installations, name, id) end
for _, member in ipairs(head.installation_ids) do redis.call('ZADD', installation_ids, 0, member) end
for _, member in ipairs(head.order) do redis.call('ZADD', order, 0, member) end
if head.death then redis.call('ZADD', dead, 0, head.death) end
for n = 8, #ARGV, 3 do put(ARGV[n], ARGV[n + 1], ARGV[n + 2]) end
-- A user who may not publish still saves: the self-test of the listener has told that nobody will hear.
redis.pcall('PUBLISH', channel, cjson.encode({ head.client_key, sender }))
if old and old.client_key ~= head.client_key then
  redis.pcall('PUBLISH', channel, cjson.encode({ old.client_key, sender }))
end
return 'saved'`)

/**
 * ARGV: 'tenant', 'client', 'installation' or 'base-url', and the name; for the last two the start of a member,
 * which ends with NUL. Gives every record that has the name, in order of tenantId.
 */
export const findScript = redisScript(`
local kind, name = ARGV[1], ARGV[2]
local ids = {}
if kind == 'tenant' then
  ids = { name }
elseif kind == 'client' then
  ids = { redis.call('HGET', client_keys, name) or nil }
else
  local index = kind == 'installation' and installation_ids or base_urls
  local known = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', index, '[' .. name, '(' .. name .. '\\255')) do
    local id = string.match(member, '[^%z]*$')
    if not known[id] then ids[#ids + 1] = id end
    known[id] = true
  end
end
local found = {}
for _, id in ipairs(ids) do found[#found + 1] = redis.call('HGET', tenants, id) or nil end
return found`)

/** ARGV: start of the members of one selection, tenantId to start after or '', limit. Gives records. */
export const listScript = redisScript(`
local selection, after, limit = ARGV[1], ARGV[2], ARGV[3]
local first = after == '' and '[' .. selection or '(' .. selection .. after
local members = redis.call('ZRANGEBYLEX', order, first, '(' .. selection .. '\\255', 'LIMIT', 0, limit)
local found = {}
for n, member in ipairs(members) do found[n] = redis.call('HGET', tenants, string.sub(member, #selection + 1)) end
return found`)

/** ARGV: tenantId, the record as it was read, the record to write. 1 = written, 0 = it has changed since. */
export const replaceScript = redisScript(`
if redis.call('HGET', tenants, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', tenants, ARGV[1], ARGV[3])
return 1`)
