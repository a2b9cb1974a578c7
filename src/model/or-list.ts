/** `Debian`, `vxlan or wireguard`, `vxlan, host-gw or wireguard`: a list of alternatives; `last` precedes the last one. */
export function orList(words: readonly string[], last = ' or '): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')}${last}${words.at(-1) ?? ''}`;
}
