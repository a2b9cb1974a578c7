import { $ } from './shell.ts';

/** One line of the machine's own package sources. */
export interface AptSource {
  readonly uri: string;
  readonly release: string;
}

/**
 * The sources of `suite` (and its updates and security releases) that this machine's apt uses.
 * Throws if it has none: the lab has no other package sources.
 */
export async function machineSources(suite: string): Promise<readonly AptSource[]> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await $`apt-get indextargets --format ${format} 'Created-By: Packages'`;
  const sources = new Map<string, AptSource>();
  for (const line of stdout.split('\n')) {
    const [uri, release, component] = line.trim().split(/\s+/);
    if (uri === undefined || release === undefined || component !== 'main') continue;
    if (release === suite || release.startsWith(`${suite}-`))
      sources.set(`${uri} ${release}`, { uri, release });
  }
  if (![...sources.values()].some((source) => source.release === suite)) {
    throw new Error(`apt on this machine has no source for Debian ${suite} (main); the lab needs one`);
  }
  return [...sources.values()];
}

/** The proxy, TLS and validity settings of this machine's apt, one `Key "value";` a line. */
export async function machineAptOptions(): Promise<readonly string[]> {
  const { stdout } = await $`apt-config dump`;
  return stdout
    .split('\n')
    .filter((line) => /^Acquire::(http|https|Check-|Retries)[^"]* "[^"]+";$/.test(line));
}
