import { $ } from './shell.ts';

/** One line of the machine's own package sources. */
export interface AptSource {
  readonly uri: string;
  readonly release: string;
}

/**
 * The sources of `suite` (and its updates and security releases) that this machine's apt uses, or those of the same mirrors
 * on a machine with another release of Debian. Throws if it has neither: the lab has no other package sources.
 */
export async function machineSources(suite: string): Promise<readonly AptSource[]> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';
  const { stdout } = await $`apt-get indextargets --format ${format} 'Created-By: Packages'`;
  const sources = stdout.split('\n').flatMap((line) => {
    const [uri, release, component, origin] = line.trim().split(/\s+/);
    return uri === undefined || release === undefined || component !== 'main'
      ? []
      : [{ uri, release, isDebian: origin === 'Debian' }];
  });
  const own = sources.filter(({ release }) => release === suite || release.startsWith(`${suite}-`));
  const found = own.some(({ release }) => release === suite)
    ? own
    : sources
        .filter(({ isDebian, release }) => isDebian && /^[a-z]+(-updates|-security)?$/.test(release))
        .map(({ uri, release }) => ({ uri, release: release.replace(/^[a-z]+/, suite) }));
  if (!found.some(({ release }) => release === suite)) {
    throw new Error(
      "apt on this machine has no source of Debian, which the lab's hosts are made of: use Debian 12 or newer, after apt-get update",
    );
  }
  return [...new Map(found.map(({ uri, release }) => [`${uri} ${release}`, { uri, release }])).values()];
}

/** The proxy, TLS and validity settings of this machine's apt, one `Key "value";` a line. */
export async function machineAptOptions(): Promise<readonly string[]> {
  const { stdout } = await $`apt-config dump`;
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::(http|https|Check-|Retries)[^"]* "[^"]+";$/.test(line));
}
