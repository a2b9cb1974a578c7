import { lines, quote, quoteAll } from './shell.ts';
import type { Kind, PackageResource } from './types.ts';

/** A package of the distribution (dpkg and apt). kboot installs what is missing and never upgrades or removes. */
export const packageKind: Kind<PackageResource, true> = {
  name: (want) => want.name,
  query: (wants) =>
    `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${quoteAll(wants.map((want) => want.name))} 2>/dev/null`,
  read(wants, output) {
    const installed = new Set(
      lines(output)
        .filter((line) => line.endsWith(' installed'))
        .map((line) => line.split(' ')[0]),
    );
    return wants.map((want) =>
      installed.has(want.name) ? { state: 'present', found: true } : { state: 'absent' },
    );
  },
  action(want, found) {
    if (found.state === 'present') return undefined;
    return {
      verb: 'create',
      reason: "from the distribution's packages",
      script: aside(want, `kb_apt ${quote(want.name)}`),
      timeoutSeconds: 600,
    };
  },
};

/**
 * What the package brings is put by like anything that was there before kboot: the service as it was, files out of
 * the way. They were not there when the plan was made, so its file steps find what they expect.
 */
function aside({ brings }: PackageResource, install: string): string {
  if (brings === undefined) return install;
  const paths = quoteAll(brings.files);
  return `kb_unit ${quote(brings.unit)}
kb_new=
for f in ${paths}; do [ -e "$f" ] || kb_new="$kb_new $f"; done
{ ${install}; } || exit
for f in $kb_new; do kb_own "$f" && rm -f -- "$f" || exit; done`;
}
