/** One request that a proxy may change, and what it would mean. */
export interface Probe {
  readonly name: string
  readonly method: 'GET' | 'POST'
  /** Behind the part that marks the request as a probe. */
  readonly target: string
}

const LONG = 'eyJ'.padEnd(4000, '0123456789')

/** What breaks hashes in life: everything that some proxy, gateway or rewrite rule is known to tidy up. */
export const probes: readonly Probe[] = [
  { name: 'a plain address', method: 'GET', target: '/plain?issue=TEA-1&user=ada' },
  { name: 'a post', method: 'POST', target: '/post?event=created' },
  { name: 'an encoded slash in the path', method: 'GET', target: '/a%2Fb?x=1' },
  { name: 'small letters in percent sequences of the path', method: 'GET', target: '/caf%c3%a9?x=1' },
  { name: 'an encoded space in the path', method: 'GET', target: '/a%20b?x=1' },
  { name: 'a percent sign in the path', method: 'GET', target: '/100%25?x=1' },
  { name: 'an ampersand and a plus sign in the path', method: 'GET', target: '/a&b+c?x=1' },
  { name: 'a double slash in the path', method: 'GET', target: '/a//b?x=1' },
  { name: 'a slash at the end', method: 'GET', target: '/a/?x=1' },
  { name: 'dots in the path', method: 'GET', target: '/a/./b?x=1' },
  { name: 'capitals in the path', method: 'GET', target: '/Issue-Panel?x=1' },
  {
    name: 'plus signs, encoded spaces and encoded plus signs',
    method: 'GET',
    target: '/q?a=one+two&b=one%20two&c=one%2Btwo'
  },
  { name: 'percent signs in the query', method: 'GET', target: '/q?a=100%25&b=%2525' },
  { name: 'an address in the query', method: 'GET', target: '/q?xdm_e=https%3A%2F%2Facme.atlassian.net&cp=%2Fwiki' },
  { name: 'parameters without a value', method: 'GET', target: '/q?a=&b&c=1&&d=2' },
  { name: 'repeated parameters and their order', method: 'GET', target: '/q?b=2&a=2&a=1&B=3' },
  {
    name: 'brackets, commas and semicolons in the query',
    method: 'GET',
    target: '/q?ids[]=1&ids%5B%5D=2&list=a,b&semi=a;b'
  },
  { name: 'letters beyond ASCII in the query', method: 'GET', target: '/q?name=%C3%A9t%c3%a9&tea=%E8%8C%B6' },
  { name: 'a long token in the query', method: 'GET', target: `/q?x=1&jwt=${LONG}` }
]
