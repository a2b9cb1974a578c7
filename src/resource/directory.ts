import { lines, quote, quoteAll } from './shell.ts';
import type { DirectoryResource, Kind } from './types.ts';

interface Found {
  readonly mode: string;
}

/** A folder with its mode, owned by root. */
export const directory: Kind<DirectoryResource, Found> = {
  name: (want) => want.path,
  query: (wants) => `stat -L -c '%a %F|%n' -- ${quoteAll(wants.map((want) => want.path))} 2>/dev/null`,
  read(wants, output) {
    const seen = new Map<string, Found>();
    for (const line of lines(output)) {
      const match = /^(\d+) directory\|(.*)$/.exec(line);
      if (match?.[1] !== undefined && match[2] !== undefined) seen.set(match[2], { mode: match[1] });
    }
    return wants.map((want) => {
      const found = seen.get(want.path);
      return found === undefined ? { state: 'absent' } : { state: 'present', found };
    });
  },
  action(want, found) {
    if (found.state === 'present' && found.found.mode === want.mode) return undefined;
    return {
      verb: found.state === 'absent' ? 'create' : 'update',
      reason:
        found.state === 'absent' ? `mode ${want.mode}` : `mode ${found.found.mode} becomes ${want.mode}`,
      script: `kb_mkdir ${quote(want.path)} ${want.mode}`,
      timeoutSeconds: 30,
    };
  },
};
