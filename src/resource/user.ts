import { hostFolder } from './prelude.ts';
import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, UserResource } from './types.ts';

/** A user without a login that a program runs as. One that is there already is used as it is. */
export const user: Kind<UserResource, true> = {
  name: (want) => want.name,
  query: (wants) => `for u in ${quoteAll(wants.map((want) => want.name))}; do
  if id -u "$u" >/dev/null 2>&1; then echo "$u"; fi
done`,
  read(wants, output) {
    const seen = new Set(lines(output));
    return wants.map((want) =>
      seen.has(want.name) ? { state: 'present', found: true } : { state: 'absent' },
    );
  },
  action(want, found) {
    if (found.state === 'present') return undefined;
    const name = quote(want.name);
    return {
      verb: 'create',
      reason: `user and group ${want.id}, without a login`,
      // Recorded first: `reset` removes the users that kboot created.
      script: `mkdir -p -m 700 ${hostFolder}/users && : > ${hostFolder}/users/${name} &&
{ getent group ${name} >/dev/null || groupadd -g ${want.id} ${name}; } &&
useradd -u ${want.id} -g ${name} -M -d /nonexistent -s /usr/sbin/nologin ${name}`,
      effects: [],
      timeoutSeconds: 30,
    };
  },
};
