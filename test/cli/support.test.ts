import '../view/no-color.ts';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { freshFolder } from './folder.ts';
import { kboot } from './run.ts';

const at = freshFolder();
const planted = 'Zq7hunter2hunter2';

it('without a host it has what this machine knows, and no secret of the inventory, its environment or the logs', async () => {
  process.env['PLANTED'] = `${planted}E`;
  writeFileSync(
    at('cluster.yaml'),
    `apiVersion: kboot.dev/v1
kind: Cluster
metadata: { name: one } # password ${planted}C
spec:
  kubernetesVersion: v1.36.2
  proxy: { http: 'http://u:${planted}P@proxy.example:3128' }
  apiServer: { extraEnvs: [{ name: AUTH_TOKEN, value: ${planted}V }] }
  files: [{ path: /etc/site.conf, content: 'x ${planted}F' }]
  hooks: [{ name: h, before: host, run: 'login ${planted}H' }]
  hosts:
    - { name: cp-1, roles: [control-plane, worker], address: 10.0.0.11, ssh: { address: 127.0.0.1, port: 9, user: "\${PLANTED}" } }
`,
  );
  mkdirSync(at('.kboot/one/runs'), { recursive: true, mode: 0o700 });
  const events = [
    { type: 'log', message: `Authorization: Bearer ${planted}L`, user: `${planted}E` },
    { type: 'log', message: `value ${planted}V`, nested: { password: `${planted}N` } },
  ];
  writeFileSync(
    at('.kboot/one/runs/2026-01-01T00-00-00Z-up.ndjson'),
    events.map((each) => `${JSON.stringify(each)}\n`).join(''),
  );
  const file = at('support.tar.gz');
  const { out, error } = await kboot('support', at('cluster.yaml'), '--out', file);
  expect(error).toBeUndefined();
  expect(out).toMatch(
    /It lacks:[^]*hosts\/cp-1: 127\.0\.0\.1:9 refused the connection[^]*kube-system\.json: /,
  );
  const all = execFileSync('tar', ['-xzOf', file], { encoding: 'utf8' });
  for (const part of [
    'kind: Cluster',
    'user: ${PLANTED}',
    '"user":"${PLANTED}"',
    '"kboot": "',
    '"healthy": false',
  ])
    expect(all).toContain(part);
  expect(all).not.toContain('Zq7');
  const again = await kboot('support', at('cluster.yaml'), '--out', file);
  expect(String(again.error)).toContain('already exists; nothing was written.');
});
