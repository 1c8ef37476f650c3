import { redisScript } from './redis-script.ts'

/** At most this many are taken up by one script: Redis does nothing else meanwhile. */
export const BATCH = 1000

/**
 * What the scripts know of a state: `tenant`, `kind`, `identifier` (absent = none), `is`, `attempts`, `received`, `due`,
 * `lease`. All are text, because a script would round large numbers.
 */
export const STATE = `
local function state_of(id)
  local text = redis.call('HGET', states, id)
  return text and cjson.decode(text)
end
local function dedupe_name(state, tenant)
  return state.identifier and (tenant or state.tenant) .. '\\0' .. state.kind .. '\\0' .. state.identifier
end
local function forget_name(id, state)
  local name = dedupe_name(state)
  if name and redis.call('HGET', dedupe, name) == id then redis.call('HDEL', dedupe, name) end
end
local function from_when(state)
  return tonumber(state.due) > tonumber(state.lease) and state.due or state.lease
end
local function dequeue(id, state)
  redis.call('ZREM', waiting, id)
  redis.call('ZREM', ready, id)
  redis.call('ZREM', pending, state.tenant .. '\\0' .. id)
end`

/** `put(deliveryId, record, state)`: writes one delivery; 0 = it was there already. */
export const PUT_DELIVERY = `${STATE}
local function put(id, record, text)
  local state = cjson.decode(text)
  local name = dedupe_name(state)
  if redis.call('HEXISTS', states, id) == 1 then return 0 end
  if name and redis.call('HEXISTS', dedupe, name) == 1 then return 0 end
  redis.call('HSET', deliveries, id, record)
  redis.call('HSET', states, id, text)
  if name then redis.call('HSET', dedupe, name, id) end
  redis.call('ZADD', waiting, state.due, id)
  redis.call('ZADD', pending, 0, state.tenant .. '\\0' .. id)
  return 1
end`

/** ARGV: deliveryId, record, state. 1 = written, 0 = a duplicate, -1 = there is no such tenant. */
export const addScript = redisScript(`${PUT_DELIVERY}
if redis.call('HEXISTS', tenants, cjson.decode(ARGV[3]).tenant) == 0 then return -1 end
return put(ARGV[1], ARGV[2], ARGV[3])`)

/**
 * ARGV: now, end of the lease, limit, and the deliveryId where only that one is wanted. Gives record and state of each claimed delivery in turn.
 * Of those that are due the ${BATCH} that waited longest are put in order of age; where a delivery is due as soon as it
 * is received, these are the oldest.
 */
export const claimScript = redisScript(`${STATE}
local now, lease, limit, only = unpack(ARGV)
local claimed = {}
local function claim(id, state)
  state.attempts = string.format('%.0f', state.attempts + 1)
  state.lease = lease
  local text = cjson.encode(state)
  redis.call('ZADD', waiting, from_when(state), id)
  redis.call('ZREM', ready, id)
  redis.call('HSET', states, id, text)
  claimed[#claimed + 1] = redis.call('HGET', deliveries, id)
  claimed[#claimed + 1] = text
end
local function may_be_claimed(state)
  return state and state.is == 'pending' and tonumber(from_when(state)) <= tonumber(now)
end
if only then
  local state = state_of(only)
  if may_be_claimed(state) then claim(only, state) end
  return claimed
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now, 'LIMIT', 0, ${BATCH})) do
  redis.call('ZADD', ready, state_of(id).received, id)
  redis.call('ZREM', waiting, id)
end
while #claimed < 2 * tonumber(limit) do
  local id = redis.call('ZRANGE', ready, 0, 0)[1]
  if not id then break end
  local state = state_of(id)
  if may_be_claimed(state) then
    claim(id, state)
  else
    -- Another process, whose clock is ahead, has found it due.
    redis.call('ZADD', waiting, from_when(state), id)
    redis.call('ZREM', ready, id)
  end
end
return claimed`)

/** ARGV: deliveryId, 'done' or 'failed'. Only a failed one is forgotten for deduplication. */
export const settleScript = redisScript(`${STATE}
local id, is = ARGV[1], ARGV[2]
local state = state_of(id)
if not state or state.is ~= 'pending' then return 0 end
state.is = is
redis.call('HSET', states, id, cjson.encode(state))
redis.call('ZADD', settled, state.received, id)
redis.call('ZADD', settled_of, 0, state.tenant .. '\\0' .. id)
dequeue(id, state)
if is == 'failed' then forget_name(id, state) end
return 1`)

/** ARGV: deliveryId, the time from which it may be claimed again. */
export const releaseScript = redisScript(`${STATE}
local id, due = ARGV[1], ARGV[2]
local state = state_of(id)
if not state or state.is ~= 'pending' then return 0 end
state.due = due
state.lease = '0'
redis.call('HSET', states, id, cjson.encode(state))
redis.call('ZADD', waiting, from_when(state), id)
redis.call('ZREM', ready, id)
return 1`)

/** ARGV: the time before which a settled delivery was received. Gives how many are gone; ${BATCH} = there may be more. */
export const sweepScript = redisScript(`${STATE}
local old = redis.call('ZRANGEBYSCORE', settled, '-inf', '(' .. ARGV[1], 'LIMIT', 0, ${BATCH})
for _, id in ipairs(old) do
  local state = state_of(id)
  forget_name(id, state)
  redis.call('ZREM', settled_of, state.tenant .. '\\0' .. id)
  redis.call('HDEL', deliveries, id)
  redis.call('HDEL', states, id)
  redis.call('ZREM', settled, id)
end
return #old`)

/**
 * ARGV: tenantId to move from, tenantId to move to. Gives how many were looked at (${BATCH} = there may be more) and how
 * many of them moved; nothing for a tenant that does not exist.
 */
export const moveScript = redisScript(`${STATE}
local from, to = ARGV[1], ARGV[2]
if redis.call('HEXISTS', tenants, to) == 0 then return {} end
local start = from .. '\\0'
local members = redis.call('ZRANGEBYLEX', pending, '[' .. start, '(' .. start .. '\\255', 'LIMIT', 0, ${BATCH})
local moved = 0
for _, member in ipairs(members) do
  local id = string.sub(member, #start + 1)
  local state = state_of(id)
  local name = dedupe_name(state, to)
  if name and redis.call('HEXISTS', dedupe, name) == 1 then
    dequeue(id, state)
    forget_name(id, state)
    redis.call('HDEL', deliveries, id)
    redis.call('HDEL', states, id)
  else
    forget_name(id, state)
    if name then redis.call('HSET', dedupe, name, id) end
    state.tenant = to
    redis.call('HSET', states, id, cjson.encode(state))
    redis.call('ZADD', pending, 0, to .. '\\0' .. id)
    redis.call('ZREM', pending, member)
    moved = moved + 1
  end
end
return { #members, moved }`)
