import { lines, quote, quoteAll } from '../model/shell.ts';
import type { DirectoryResource, Kind } from './types.ts';

interface Found {
  readonly mode: string;
  /** It and its content are the wanted owner's. */
  readonly owned: boolean;
}

/** A folder with its mode, and its owner if one is wanted; the operator's own folders may be shared, and keep their mode. */
export const directory: Kind<DirectoryResource, Found> = {
  name: (want) => want.path,
  query: (wants) =>
    [
      `stat -L -c '%a %F|%n' -- ${quoteAll(wants.map((want) => want.path))} 2>/dev/null`,
      ...wants.flatMap(({ path, owner }) =>
        owner === undefined ? [] : [`${isOwned(path, owner)} && echo ${quote(`owned ${path}`)}`],
      ),
    ].join('\n'),
  read(wants, output) {
    const seen = new Map<string, { readonly mode: string } | undefined>();
    const owned = new Set(lines(output).filter((line) => line.startsWith('owned ')));
    for (const line of lines(output)) {
      const [, mode = '', type, path] = /^(\d+) ([^|]*)\|(.*)$/.exec(line) ?? [];
      if (path !== undefined) seen.set(path, type === 'directory' ? { mode } : undefined);
    }
    return wants.map((want) => {
      const found = seen.get(want.path);
      if (found !== undefined)
        return { state: 'present', found: { ...found, owned: owned.has(`owned ${want.path}`) } };
      return seen.has(want.path)
        ? { state: 'unknown', reason: `${want.path} is not a folder` }
        : { state: 'absent' };
    });
  },
  action(want, found) {
    const path = quote(want.path);
    const give = want.owner === undefined ? '' : ` && kb_give ${quote(want.owner)} ${path}`;
    if (found.state === 'present' && (want.keep === true || found.found.mode === want.mode)) {
      if (want.owner === undefined || found.found.owned) return undefined;
      return {
        verb: 'update',
        reason: `owned by ${want.owner}`,
        script: `kb_give ${quote(want.owner)} ${path}`,
        effects: [],
        timeoutSeconds: 300,
      };
    }
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason:
        found.state === 'absent' ? `mode ${want.mode}` : `mode ${found.found.mode} becomes ${want.mode}`,
      script: `kb_mkdir ${path} ${want.mode}${give}`,
      effects: [],
      timeoutSeconds: want.owner === undefined ? 30 : 300,
    };
  },
  fact: (want, { mode, owned }) =>
    want.keep === true
      ? 'there'
      : `mode ${mode}${want.owner !== undefined && owned ? `, owned by ${want.owner}` : ''}`,
};

/** Shell that succeeds if a folder and everything in its folder `member` belong to a user. */
function isOwned(path: string, owner: string): string {
  const [folder, user] = [quote(path), quote(owner)];
  return `id -u ${user} >/dev/null 2>&1 && [ "$(stat -L -c %U -- ${folder} 2>/dev/null)" = ${user} ] && [ -z "$(find ${quote(`${path}/member`)} ! -user ${user} -print -quit 2>/dev/null)" ]`;
}
