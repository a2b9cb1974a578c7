import { lines, quote, quoteAll } from './shell.ts';
import type { DirectoryResource, Kind } from './types.ts';

interface Found {
  readonly mode: string;
}

/** A folder with its mode, owned by root; the operator's own folders may be shared with others, and keep their mode. */
export const directory: Kind<DirectoryResource, Found> = {
  name: (want) => want.path,
  query: (wants) => `stat -L -c '%a %F|%n' -- ${quoteAll(wants.map((want) => want.path))} 2>/dev/null`,
  read(wants, output) {
    const seen = new Map<string, Found | undefined>();
    for (const line of lines(output)) {
      const [, mode = '', type, path] = /^(\d+) ([^|]*)\|(.*)$/.exec(line) ?? [];
      if (path !== undefined) seen.set(path, type === 'directory' ? { mode } : undefined);
    }
    return wants.map((want) => {
      const found = seen.get(want.path);
      if (found !== undefined) return { state: 'present', found };
      return seen.has(want.path)
        ? { state: 'unknown', reason: `${want.path} is not a folder` }
        : { state: 'absent' };
    });
  },
  action(want, found) {
    if (found.state === 'present' && (want.keep === true || found.found.mode === want.mode)) return undefined;
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason:
        found.state === 'absent' ? `mode ${want.mode}` : `mode ${found.found.mode} becomes ${want.mode}`,
      script: `kb_mkdir ${quote(want.path)} ${want.mode}`,
      effects: [],
      timeoutSeconds: 30,
    };
  },
  fact: (want, { mode }) => (want.keep === true ? 'there' : `mode ${mode}`),
};
