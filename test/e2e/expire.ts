import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readInventory } from '../../src/app/read-inventory.ts';
import { kubeletClientPem, pkiFiles } from '../../src/desire/pki-files.ts';
import { isNode } from '../../src/model/cluster.ts';
import { hasIssuedServing } from '../../src/model/kubelet-serving.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { issueLeaf } from '../../src/pki/issue.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { LeafSpec } from '../../src/pki/types.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import { writeAtomic } from '../../src/store/atomic.ts';
import { readPkiFiles } from '../../src/store/pki-files.ts';
import { defaultStateDir, peekState } from '../../src/store/state.ts';
import type { Site } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { servingCertificate } from '../samples/serving-certificate.ts';

const twoYears = 2 * 365 * 86_400_000;

/**
 * Makes a cluster as if it had been off for two years: every certificate in the state folder and on its hosts is replaced
 * with one of the same key that was issued then and has expired since; those that kubelets renew or make themselves too.
 */
export async function expireEverything(site: Site): Promise<void> {
  const { cluster } = await readInventory(site.inventory);
  const state = await peekState(defaultStateDir(site.inventory, cluster.name));
  const specs = certificatesFor(cluster);
  const material = new Map(await readPkiFiles(state));
  const then = { now: new Date(Date.now() - twoYears), randomBytes };
  const text = (path: string): string => material.get(path) ?? '';
  const cas = new Map(specs.flatMap((spec) => (spec.kind === 'ca' ? [[spec.id, spec.path]] : [])));
  const former = (spec: LeafSpec): string => {
    const stem = cas.get(spec.ca) ?? '';
    const ca = { cert: text(`${stem}.crt`), key: text(`${stem}.key`) };
    return issueLeaf(spec, text(`${spec.path}.key`), ca, then);
  };
  const leaves = specs.filter((spec) => spec.kind === 'leaf');
  for (const spec of leaves) {
    const cert = former(spec);
    material.set(`${spec.path}.crt`, cert);
    await writeAtomic(join(state.pki, `${spec.path}.crt`), cert);
  }
  const pki = createPki(specs, material);
  const renderer = createRenderer();
  await Promise.all(
    cluster.hosts.map(async (host) => {
      const files = pkiFiles(cluster, host, pki, renderer).map(({ path, text: own }) => [path, own] as const);
      const kubelet = leaves.find((spec) => spec.id === 'kubelet' && spec.host === host.name);
      const key = text(`${kubelet?.path ?? ''}.key`);
      const own = isNode(host)
        ? [
            ['/var/lib/kubelet/pki/kubelet-client-current.pem', kubeletClientPem(host, pki).text] as const,
            // Unless kboot issues what it serves.
            ...(hasIssuedServing(cluster, host)
              ? []
              : [
                  ['/var/lib/kubelet/pki/kubelet.crt', servingCertificate(key, -365)] as const,
                  ['/var/lib/kubelet/pki/kubelet.key', key] as const,
                ]),
          ]
        : [];
      const script = ['systemctl stop kubelet 2>/dev/null'];
      for (const [path, content] of [...files, ...own])
        script.push(
          `cat > "$(readlink -f ${path})" <<'END'\n${content.endsWith('\n') ? content : `${content}\n`}END`,
        );
      const { exitCode, stderr } = await site.lab.ssh(host.name, 'sh -s', {
        input: `${script.join('\n')}\nsync\n`,
      });
      if (exitCode !== 0) throw new Error(`${host.name}: ${stderr}`);
    }),
  );
}

/** A power cut of all hosts, and their boot. */
export async function reboot(site: Site): Promise<void> {
  await Promise.all(site.lab.hosts.map(({ name }) => site.lab.kill(name)));
  await Promise.all(site.lab.hosts.map(({ name }) => site.lab.boot(name)));
  await Promise.all(site.lab.hosts.map(({ name }) => output(site.lab, name, 'true')));
}
