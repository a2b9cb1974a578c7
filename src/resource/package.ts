import { lines, quote, quoteAll } from '../model/shell.ts';
import type { Kind, PackageResource } from './types.ts';

interface Manager {
  /** Shell that prints `NAME installed` for each installed package. */
  installed(names: readonly string[]): string;
  /** The functions of prelude.ts that install one: from the host's sources, and from a folder. */
  readonly install: string;
  readonly installFrom: string;
}

const managers: Readonly<Record<PackageResource['manager'], Manager>> = {
  apt: {
    installed: (names) =>
      `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${quoteAll(names)} 2>/dev/null`,
    install: 'kb_apt',
    installFrom: 'kb_apt_from',
  },
  dnf: {
    // One package may replace another: curl-minimal provides curl, and conflicts with it.
    installed: (names) =>
      `for p in ${quoteAll(names)}; do rpm -q --whatprovides -- "$p" >/dev/null 2>&1 && echo "$p installed"; done`,
    install: 'kb_dnf',
    installFrom: 'kb_dnf_from',
  },
};

/** A package of the distribution. kboot installs missing packages and never upgrades or removes any. */
export const packageKind: Kind<PackageResource, true> = {
  name: (want) => want.name,
  query: (wants) =>
    [...new Set(wants.map(({ manager }) => manager))]
      .map((manager) =>
        managers[manager].installed(wants.filter((want) => want.manager === manager).map(({ name }) => name)),
      )
      .join('\n'),
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
      reason:
        want.source === undefined ? "from the distribution's packages" : 'from the packages in the bundle',
      script: aside(want, install(want)),
      effects: [],
      timeoutSeconds: 1200,
    };
  },
};

function install({ manager, name, source }: PackageResource): string {
  const { install, installFrom } = managers[manager];
  return source === undefined ? `${install} ${quote(name)}` : `${installFrom} ${quoteAll([source, name])}`;
}

/**
 * A service and files from the package are recorded like anything that existed before kboot: the state of the
 * service is saved, and files are moved out of the way. The files did not exist when the plan was made, so its file
 * steps find the state that they expect.
 */
function aside({ brings }: PackageResource, install: string): string {
  if (brings === undefined) return install;
  const paths = quoteAll(brings.files);
  return `kb_unit ${quote(brings.unit)}
kb_new=
for f in ${paths}; do [ -e "$f" ] || kb_new="$kb_new $f"; done
{ ${install}; } || exit
for f in $kb_new; do [ ! -e "$f" ] || { kb_own "$f" && rm -f -- "$f"; } || exit; done`;
}
