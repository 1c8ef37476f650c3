import { PUT_DELIVERY } from './redis-inbox-scripts.ts'
import { redisScript } from './redis-script.ts'

/** ARGV: channel, note. Tells it the way a save does. */
export const notifyScript = redisScript(`
return redis.call('PUBLISH', ARGV[1], ARGV[2])`)

/** `take_places(id, head)`: puts a tenant where searches look. `give_places(head)`: takes it away from there. */
export const PLACES = `
local function take_places(id, head)
  for _, name in ipairs(head.installations) do redis.call('HSET', installations, name, id) end
  for _, member in ipairs(head.places) do redis.call('ZADD', places, 0, member) end
  for _, member in ipairs(head.order) do redis.call('ZADD', order, 0, member) end
  if head.death then redis.call('ZADD', dead, 0, head.death) end
end
local function give_places(head)
  for _, name in ipairs(head.installations) do redis.call('HDEL', installations, name) end
  for _, member in ipairs(head.places) do redis.call('ZREM', places, member) end
  for _, member in ipairs(head.order) do redis.call('ZREM', order, member) end
  if head.death then redis.call('ZREM', dead, head.death) end
end
`

/** `tell(head, channel, sender)`: one note for each name by which others may remember the tenant. */
export const TELL = `
local function tell(head, channel, sender)
  -- A user who may not publish still saves: the self-test of the listener has told that nobody will hear.
  for _, key in ipairs(head.told) do redis.pcall('PUBLISH', channel, cjson.encode({ key, sender })) end
end
`

/** ARGV: tenantId. Gives its head, nothing if there is no such tenant. */
export const headScript = redisScript(`
return redis.call('HGET', heads, ARGV[1])`)

/**
 * ARGV: appKey, channel, sender, how many tenants; then tenantId, head as it was read or '', what is shared, head,
 * connectId, clientKey and registration (all three '' = none) of each tenant; then deliveryId, record and state of each
 * delivery. Everything is asked before the first write, because Redis takes no write back.
 *
 * The first write is one that Redis refuses when its memory is full; from then on it refuses none of this script.
 */
export const saveScript = redisScript(`${PUT_DELIVERY}${PLACES}${TELL}
local app, channel, sender, count = unpack(ARGV, 1, 4)
local saves, saved = {}, {}
for n = 1, tonumber(count) do
  local id, stored, root, head, connect, key, registration = unpack(ARGV, 7 * n - 2, 7 * n + 4)
  saves[n] = {
    id = id, stored = stored, old = stored ~= '' and cjson.decode(stored), root = root,
    head = head, new = cjson.decode(head), connect = connect, key = key, registration = registration
  }
  saved[id] = true
end
local first = 7 * #saves + 5
local function is_known(save)
  for _, one in ipairs(save.old and save.old.connects or {}) do
    if one.connectId == save.connect then return true end
  end
  return false
end
for _, save in ipairs(saves) do
  local owner = redis.call('HGET', owners, save.id)
  if owner and owner ~= app then return 'conflict' end
  if (redis.call('HGET', heads, save.id) or '') ~= save.stored then return 'conflict' end
  for _, name in ipairs(save.new.installations) do
    local holder = redis.call('HGET', installations, name)
    if holder and not saved[holder] then return 'conflict' end
  end
  if save.connect ~= '' and not is_known(save) then
    if redis.call('HEXISTS', client_keys, save.key) == 1 then return 'conflict' end
    if redis.call('HEXISTS', registrations, save.connect) == 1 then return 'conflict' end
  end
end
for n = first, #ARGV, 3 do
  local tenant = cjson.decode(ARGV[n + 2]).tenant
  if not saved[tenant] and redis.call('HEXISTS', tenants, tenant) == 0 then return 'no-tenant' end
end

for _, save in ipairs(saves) do
  redis.call('HSET', owners, save.id, app)
  if save.old then give_places(save.old) end
end
for _, save in ipairs(saves) do
  redis.call('HSET', tenants, save.id, save.root)
  redis.call('HSET', heads, save.id, save.head)
  if save.connect ~= '' then
    redis.call('HSET', registrations, save.connect, save.registration)
    redis.call('HSET', client_keys, save.key, save.id)
  end
  take_places(save.id, save.new)
end
for n = first, #ARGV, 3 do put(ARGV[n], ARGV[n + 1], ARGV[n + 2]) end
for _, save in ipairs(saves) do tell(save.new, channel, sender) end
return 'saved'`)

/** `whole(id)`: what all registrations of the tenant share, then each of them; nothing if there is no such tenant. */
export const WHOLE = `
local function whole(id)
  local root = redis.call('HGET', tenants, id)
  if not root then return nil end
  local texts = { root }
  for n, one in ipairs(cjson.decode(redis.call('HGET', heads, id)).connects) do
    texts[n + 1] = redis.call('HGET', registrations, one.connectId)
  end
  return texts
end
`

/**
 * ARGV: 'tenant', 'client' or 'place', and the name; for the last one the start of a member, which ends with NUL.
 * Gives every tenant that has the name.
 */
export const findScript = redisScript(`${WHOLE}
local kind, name = ARGV[1], ARGV[2]
local ids = {}
if kind == 'tenant' then
  ids = { name }
elseif kind == 'client' then
  ids = { redis.call('HGET', client_keys, name) or nil }
else
  local known = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', places, '[' .. name, '(' .. name .. '\\255')) do
    local id = string.match(member, '[^%z]*$')
    if not known[id] then ids[#ids + 1] = id end
    known[id] = true
  end
end
local found = {}
for _, id in ipairs(ids) do found[#found + 1] = whole(id) end
return found`)

/** ARGV: start of the members of one selection, tenantId to start after or '', limit. Gives tenants. */
export const listScript = redisScript(`${WHOLE}
local selection, after, limit = ARGV[1], ARGV[2], ARGV[3]
local first = after == '' and '[' .. selection or '(' .. selection .. after
local members = redis.call('ZRANGEBYLEX', order, first, '(' .. selection .. '\\255', 'LIMIT', 0, limit)
local found = {}
for n, member in ipairs(members) do found[n] = whole(string.sub(member, #selection + 1)) end
return found`)

/** ARGV: connectId, the registration as it was read, the one to write. 1 = written, 0 = it has changed since. */
export const replaceScript = redisScript(`
if redis.call('HGET', registrations, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', registrations, ARGV[1], ARGV[3])
return 1`)
