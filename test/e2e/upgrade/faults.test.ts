import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from '../../../src/plan/steps.ts';
import type { Step } from '../../../src/plan/types.ts';
import type { KbootEvent, KbootResult } from '../../lab/kboot.ts';
import { eventually, readiness } from '../cluster.ts';
import { withBrokenApiServer, withBrokenKubelet } from './broken.ts';
import { upgradeBundles } from './bundles.ts';
import type { VersionBundle } from './bundles.ts';
import { drainsOf, stepsDone } from './record.ts';
import { highlyAvailable } from './shapes.ts';
import { expectSettled, measured, tell, upgradeSite, workloadsReady } from './site.ts';
import type { UpgradeSite } from './site.ts';
import { stuck } from './workloads.ts';

const { bundles, suffix } = upgradeBundles('minor');
const shape = highlyAvailable('10.79.56');
const controlPlane = shape.hosts.slice(0, 3);
const complaint = 'this program is broken on purpose';

let site: UpgradeSite;

/** One upgrade that meets one fault after another. Each test leaves its cause behind it, and the next goes on. */
describe.skipIf(bundles === undefined)(`an upgrade that fails${suffix}`, () => {
  beforeAll(async () => {
    if (bundles !== undefined) site = await upgradeSite('up-faults', shape, bundles);
  });

  afterAll(() => site.close());

  test('etcd without quorum: refused before the first step', async () => {
    await site.lab.kill('cp-2');
    await site.lab.kill('cp-3');
    const result = await site.upgrade();
    shown('without quorum', result);
    expect([4, 5], result.stdout.slice(-3000) + result.stderr).toContain(result.exitCode);
    expect(stepsDone([result])).toEqual([]);
    await Promise.all(['cp-2', 'cp-3'].map((name) => site.lab.boot(name)));
    await healthy();
  });

  test('an API server that exits: the old one is back, and the others have not been touched', async () => {
    const broken = await withBrokenApiServer(site.bundles.to, complaint);
    try {
      const result = await failing('a broken API server', () => upgradeWith(broken));
      expect(`${result.stdout}${result.stderr}`).toContain(complaint);
    } finally {
      broken.remove();
    }
    expect(await served()).toEqual(controlPlane.map(() => site.bundles.from.version));
    await healthy();
  });

  test('a kubelet that exits: the old one is back, its Node is Ready and not cordoned', async () => {
    const broken = await withBrokenKubelet(site.bundles.to, complaint);
    try {
      const result = await failing('a broken kubelet', () => upgradeWith(broken));
      expect(`${result.stdout}${result.stderr}`).toContain(complaint);
    } finally {
      broken.remove();
    }
    await eventually(60, async () => {
      expect(await readiness(site, ['nodes'])).toEqual(shape.hosts.map(({ name }) => `${name} Ready`));
    });
    expect([...new Set(await kubelets())]).toEqual([site.bundles.from.version]);
    expect(await cordoned()).toBe('');
    await healthy();
  });

  test('a drain that does not end: its Pod and budget are named, and the Node serves', async () => {
    await site.kube(['apply', '-f', '-'], stuck('w-1'));
    await site.kube(['--request-timeout=0', 'rollout', 'status', 'deployment/stuck', '--timeout=120s']);
    const result = await failing('a drain that does not end', () =>
      site.upgrade({ spec: { upgrade: { drain: { timeoutSeconds: 30 } } } }),
    );
    expect(`${result.stdout}${result.stderr}`).toMatch(/default\/stuck-/);
    expect(await cordoned()).toBe('');
    expect(await served()).toEqual(controlPlane.map(() => site.bundles.to.version));
    await site.kube(['delete', 'deployment,poddisruptionbudget', 'stuck']);
    await healthy();
  });

  test('a worker that loses power in its turn: the run stops there, and goes on after its boot', async () => {
    let cut: Promise<void> | undefined;
    const steps: Step[] = [];
    const cutAfterDrain = (event: KbootEvent): void => {
      if (event.plan !== undefined) steps.push(...stepsOf(event.plan));
      if (isDrainDone(event, steps, 'w-1')) cut ??= site.lab.kill('w-1');
    };
    const result = await failing('a worker without power', () => site.upgrade({ onEvent: cutAfterDrain }), {
      service: false,
    });
    await cut;
    expect(cut).toBeDefined();
    expect(drainsOf([result])).not.toContain('w-2');
    await site.lab.boot('w-1');
    await eventually(120, async () => {
      expect(await readiness(site, ['nodes'])).toContain('w-1 Ready');
    });
  });

  test('the same command ends the upgrade', async () => {
    const results: KbootResult[] = [];
    await measured(site, 'the rest of the upgrade', async () => {
      results.push(await site.upgrade());
    });
    const [result] = results;
    expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
    await expectSettled(site, site.bundles.to);
  });
});

const upgradeWith = (bundle: VersionBundle): Promise<KbootResult> =>
  site.at(bundle, 'up', ['--yes', '-o', 'json']);

/** Runs an upgrade that must fail with status 1, with clients: no write is lost, and no request unless a worker dies. */
async function failing(
  title: string,
  run: () => Promise<KbootResult>,
  { service = true }: { readonly service?: boolean } = {},
): Promise<KbootResult> {
  const results: KbootResult[] = [];
  const report = await measured(site, title, async () => {
    results.push(await run());
  });
  const [result] = results;
  if (result === undefined) throw new Error('kboot did not run');
  shown(title, result);
  expect(result, result.stdout.slice(-3000) + result.stderr).toMatchObject({ exitCode: 1 });
  if (service) expect(report.service.lost).toEqual([]);
  return result;
}

/** Prints what the operator reads, for people. */
function shown(title: string, { exitCode, events, stderr }: KbootResult): void {
  const lines = events.flatMap((event) =>
    event.type === 'failed' || event.type === 'error' || event.type === 'finding'
      ? [JSON.stringify({ ...event, plan: undefined })]
      : [],
  );
  tell(`--- ${title}: exit status ${String(exitCode)}\n${[...lines, stderr.trim()].join('\n')}`);
}

function isDrainDone(event: KbootEvent, steps: readonly Step[], node: string): boolean {
  const step = event.type === 'done' ? steps.find(({ id }) => id === event.step) : undefined;
  return step?.type === 'node' && step.operation.kind === 'drain' && step.node === node;
}

/** Every workload is complete, and `kboot verify` passes. */
async function healthy(): Promise<void> {
  await eventually(120, () => workloadsReady(site));
  await eventually(120, async () => {
    const verify = await site.at(site.bundles.from, 'verify');
    expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
  });
}

/** The version that each control plane's own API server serves. */
async function served(): Promise<readonly string[]> {
  const versions = controlPlane.map(async ({ address }) => {
    const { gitVersion } = JSON.parse(
      await site.kube(['--server', `https://${address}:6443`, 'get', '--raw', '/version']),
    ) as { gitVersion: string };
    return gitVersion;
  });
  return Promise.all(versions);
}

async function kubelets(): Promise<readonly string[]> {
  const path = 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}';
  return (await site.kube(['get', 'nodes', '-o', path])).split(' ');
}

const cordoned = (): Promise<string> =>
  site.kube(['get', 'nodes', '--field-selector', 'spec.unschedulable=true', '-o', 'name']);
