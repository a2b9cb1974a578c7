/**
 * The zones of the server blocks of a Corefile, as `example.org:53`, or a phrase that says why the text is not a
 * Corefile. Blocks are `ZONE… {`, then lines, then `}`; comments begin with #. A snippet, `(name)`, is not a zone.
 */
export function serverBlocks(text: string): readonly string[] | string {
  const zones: string[] = [];
  let depth = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.replace(/(^|\s)#.*$/, '').trim();
    if (words === '') continue;
    const where = `line ${index + 1}`;
    if (depth === 0) {
      const [, names] = /^([^{}]+)\s\{$/.exec(words) ?? [];
      if (names === undefined)
        return `must consist of server blocks, "ZONE:53 {" to "}"; ${where} is "${words}"`;
      zones.push(
        ...names
          .split(/[\s,]+/)
          .filter((name) => name !== '' && !name.startsWith('('))
          .map(zoneOf),
      );
    }
    if (words.endsWith('{')) depth++;
    if (words === '}') depth--;
    if (depth < 0) return `has a "}" too many in ${where}`;
  }
  return depth === 0 ? zones : 'has a "{" without its "}"';
}

function zoneOf(name: string): string {
  const plain = name.replace(/^dns:\/\//, '');
  return /:\d+$/.test(plain) || plain.includes('://') ? plain : `${plain}:53`;
}
