import { redisScript } from './redis-script.ts'

/** At most this many are taken up by one script: Redis does nothing else meanwhile. */
export const TOKENS_BATCH = 1000

/**
 * What the scripts know of a token, `expiry sealed-token`, and of a lease, `end owner`. `mark(name)` keeps both indexes
 * true after a change of either; an entry without token and lease is gone.
 */
const MARK = `
local function mark(name)
  local token, lease = redis.call('HGET', tokens, name), redis.call('HGET', token_leases, name)
  if not token and not lease then
    redis.call('ZREM', token_names, name)
    redis.call('ZREM', token_ends, name)
    return
  end
  local expires = token and string.match(token, '^%d+') or '0'
  local ends = lease and string.match(lease, '^%-?%d+') or '0'
  redis.call('ZADD', token_names, 0, name)
  redis.call('ZADD', token_ends, tonumber(ends) > tonumber(expires) and ends or expires, name)
end`

/** `forget_token(name)`: removes one and its lease. */
export const FORGET_TOKEN = `
local function forget_token(name)
  redis.call('HDEL', tokens, name)
  redis.call('HDEL', token_leases, name)
  redis.call('ZREM', token_names, name)
  redis.call('ZREM', token_ends, name)
end`

/** ARGV: name. Gives the token, nothing if there is none. */
export const getTokenScript = redisScript(`
return redis.call('HGET', tokens, ARGV[1])`)

/** ARGV: tenantId, name, expiry, sealed token. 1 = written, 0 = there is one that lasts as long, -1 = no such tenant. */
export const putTokenScript = redisScript(`${MARK}
local tenant, name, expires, sealed = unpack(ARGV)
if redis.call('HEXISTS', tenants, tenant) == 0 then return -1 end
local stored = redis.call('HGET', tokens, name)
if stored and tonumber(string.match(stored, '^%d+')) >= tonumber(expires) then return 0 end
redis.call('HSET', tokens, name, expires .. ' ' .. sealed)
mark(name)
return 1`)

/** ARGV: name, the token as it was read. 1 = deleted, 0 = it has changed since. */
export const deleteTokenScript = redisScript(`${MARK}
local name, stored = unpack(ARGV)
if redis.call('HGET', tokens, name) ~= stored then return 0 end
redis.call('HDEL', tokens, name)
mark(name)
return 1`)

/** ARGV: name, the token as it was read, the one to write, which ends when that did. 1 = written, 0 = it has changed since. */
export const replaceTokenScript = redisScript(`
local name, stored, newer = unpack(ARGV)
if redis.call('HGET', tokens, name) ~= stored then return 0 end
redis.call('HSET', tokens, name, newer)
return 1`)

/** ARGV: start of the names. Gives how many are gone; ${TOKENS_BATCH} = there may be more. */
export const deleteTokensScript = redisScript(`${FORGET_TOKEN}
local start = ARGV[1]
local last = '(' .. start .. '\\255'
local names = redis.call('ZRANGEBYLEX', token_names, '[' .. start, last, 'LIMIT', 0, ${TOKENS_BATCH})
for _, name in ipairs(names) do forget_token(name) end
return #names`)

/** ARGV: the time. Gives how many are gone; ${TOKENS_BATCH} = there may be more. */
export const sweepTokensScript = redisScript(`${FORGET_TOKEN}
local names = redis.call('ZRANGEBYSCORE', token_ends, '-inf', ARGV[1], 'LIMIT', 0, ${TOKENS_BATCH})
for _, name in ipairs(names) do forget_token(name) end
return #names`)

/** ARGV: first name as ZRANGEBYLEX takes it, limit. Gives name and token of each in turn, '' where there is only a lease. */
export const listTokensScript = redisScript(`
local found = {}
for n, name in ipairs(redis.call('ZRANGEBYLEX', token_names, ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  found[2 * n - 1] = name
  found[2 * n] = redis.call('HGET', tokens, name) or ''
end
return found`)

/** ARGV: tenantId, name, owner, now, end of the lease. 1 = taken, 0 = another owner has it, -1 = no such tenant. */
export const acquireTokenScript = redisScript(`${MARK}
local tenant, name, owner, now, ends = unpack(ARGV)
if redis.call('HEXISTS', tenants, tenant) == 0 then return -1 end
local held = redis.call('HGET', token_leases, name)
if held then
  local held_until, holder = string.match(held, '^(%-?%d+) (.*)$')
  if holder ~= owner and tonumber(held_until) > tonumber(now) then return 0 end
end
redis.call('HSET', token_leases, name, ends .. ' ' .. owner)
mark(name)
return 1`)

/** ARGV: name, owner. 1 = released, 0 = it is not this owner's. */
export const releaseTokenScript = redisScript(`${MARK}
local name, owner = unpack(ARGV)
local held = redis.call('HGET', token_leases, name)
if not held or string.match(held, ' (.*)$') ~= owner then return 0 end
redis.call('HDEL', token_leases, name)
mark(name)
return 1`)
