import { join } from 'node:path';
import { packagesOf } from '../../src/catalog/systems.ts';
import { packagesInBundle } from '../../src/desire/bundle-contents.ts';
import type { Fetched } from '../../src/fetch/events.ts';
import { fetchPackages } from '../../src/fetch/os-packages/fetch.ts';
import { machineSources } from './apt.ts';
import type { Lab } from './lab.ts';
import { suite } from './recipe.ts';
import { output } from './traces.ts';

const system = 'debian-12';

/** Puts the packages of the hosts' distribution into a bundle, from the mirror that this machine uses; bundle.json stays. */
export async function addPackages(bundle: string): Promise<Fetched> {
  const uri = (await machineSources(suite)).find(({ release }) => release === suite)?.uri ?? '';
  const mirror = uri.replace(/\/debian\/?$/, '');
  const path = join(bundle, packagesInBundle(system, 'amd64'));
  return await fetchPackages(path, { system, arch: 'amd64', names: packagesOf(system), mirror });
}

/** Removes every package source of a host, and the packages that kboot needs and can be missing. */
export async function withoutSources(lab: Lab, host: string): Promise<void> {
  await output(
    lab,
    host,
    `rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
export DEBIAN_FRONTEND=noninteractive
apt-get purge -y -q haproxy keepalived iptables curl && apt-get autoremove -y -q --purge`,
  );
}
