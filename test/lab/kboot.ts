import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { tasksOf } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Plan, Step, Target, Task } from '../../src/plan/types.ts';
import { eventProblem } from '../events.ts';
import type { Lab } from './lab.ts';

const root = join(import.meta.dirname, '../..');

/** A plan, as `-o json` prints it. */
export type PrintedPlan = Pick<Plan, 'phases'>;

/** One line of `-o json`. */
export interface KbootEvent {
  readonly type: string;
  /** Id of the step of the event. */
  readonly step?: string;
  readonly host?: string;
  readonly phase?: string;
  readonly plan?: PrintedPlan;
  readonly [field: string]: unknown;
}

/** The result of one run of kboot. */
export interface KbootResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout that are JSON. */
  readonly events: readonly KbootEvent[];
}

export interface KbootOptions {
  readonly inventory?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where it runs; default: the lab's bridge. */
  readonly from?: Lab;
  /** Called with every event; only with `-o json`. `kill` ends kboot at once with SIGKILL. */
  readonly onEvent?: (event: KbootEvent, kill: () => void) => void;
}

/** A lab, an inventory for it in its own folder, and kboot to run with both. */
export interface Site {
  readonly lab: Lab;
  /** Folder of the inventory and kboot's state folder. */
  readonly dir: string;
  readonly inventory: string;
  /** Runs `kboot VERB INVENTORY …REST` from the lab's bridge; the verb may have two words. A non-zero exit is a result. */
  kboot(verb: string, rest?: readonly string[], options?: KbootOptions): Promise<KbootResult>;
  /** Writes another inventory beside the first; returns its path. */
  write(name: string, change: InventoryChange): Promise<string>;
  /** Takes the lab down and removes the folder. */
  close(): Promise<void>;
}

export interface SiteHost {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly string[];
  readonly [field: string]: unknown;
}

/** Fields of the inventory's spec. */
export type SiteSpec = Readonly<Record<string, unknown>>;

interface InventoryChange {
  /** The cluster's name; default: the site's. */
  readonly name?: string;
  readonly hosts?: readonly SiteHost[];
  readonly ssh?: Readonly<Record<string, unknown>>;
  readonly spec?: SiteSpec;
}

/** Compiles kboot if its source is newer than the build; returns the command's file. KBOOT_MAIN names another. */
export function compiledKboot(): string {
  const other = process.env['KBOOT_MAIN'];
  if (other !== undefined && other !== '') return other;
  const main = join(root, 'dist/main.js');
  const sources = ['src', 'templates', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const newest = Math.max(...sources.map((path) => statSync(join(root, path)).mtimeMs));
  if (existsSync(main) && statSync(main).mtimeMs > newest) return main;
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`kboot does not compile:\n${stdout}${stderr}`);
  return main;
}

/**
 * Makes the site of a lab; the inventory has the overrides that lab hosts need (inventories/lab.yaml), and `spec`
 * unless `change` overrides it.
 */
export async function makeSite(
  lab: Lab,
  name: string,
  hosts: readonly SiteHost[],
  env: NodeJS.ProcessEnv = {},
  spec: SiteSpec = {},
): Promise<Site> {
  const main = compiledKboot();
  const dir = await mkdtemp(join(tmpdir(), 'kboot-site-'));
  const write = async (file: string, change: InventoryChange): Promise<string> => {
    const path = join(dir, `${file}.yaml`);
    await mkdir(dir, { recursive: true });
    await writeFile(path, stringify(inventoryOf(lab, { name, hosts, spec, ...change })));
    return path;
  };
  const inventory = await write('site', {});
  return {
    lab,
    dir,
    inventory,
    write,
    kboot: (verb, rest = [], options = {}) =>
      runKboot(options.from ?? lab, [main, ...verb.split(' '), options.inventory ?? inventory, ...rest], {
        ...options,
        env: { ...env, ...options.env },
      }),
    close: async () => {
      await lab.down();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What kubelets of a lab need. */
export const labKubelet = {
  ...{ failCgroupV1: false, cgroupDriver: 'cgroupfs' },
  // All hosts share this machine's disk: how full it is says nothing about them.
  ...{ imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99 },
  evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%' },
};

function inventoryOf(lab: Lab, change: InventoryChange): unknown {
  return {
    apiVersion: 'kboot.dev/v1',
    kind: 'Cluster',
    metadata: { name: change.name },
    spec: {
      kubernetesVersion: 'v1.36.2',
      networking: { podSubnet: '10.244.0.0/16' },
      kubelet: { config: labKubelet },
      containerd: {
        config: { plugins: { 'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true } } },
      },
      kubeProxy: { config: { conntrack: { maxPerCore: 0 } } },
      ssh: { user: 'root', identityFile: lab.identityFile, ...change.ssh },
      hosts: change.hosts,
      ...change.spec,
    },
  };
}

function runKboot(lab: Lab, argv: readonly string[], options: KbootOptions): Promise<KbootResult> {
  const [file = '', ...args] = lab.inside([process.execPath, ...argv]);
  // Without the operator's agent and bundle, and the keys and known hosts in the home folder.
  const env = {
    ...process.env,
    SSH_AUTH_SOCK: undefined,
    KBOOT_BUNDLE: undefined,
    // Bundles of the lab are built here, or of Debian's packages.
    KBOOT_ALLOW_UNOFFICIAL: 'true',
    HOME: lab.dir,
    NO_COLOR: '1',
    KBOOT_KNOWN_HOSTS: lab.knownHosts,
    ...options.env,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const events: KbootEvent[] = [];
    let stdout = '';
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      if (!line.startsWith('{"type":')) return;
      const event = JSON.parse(line) as KbootEvent;
      events.push(event);
      options.onEvent?.(event, () => child.kill('SIGKILL'));
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const problem = eventProblem(events);
      if (problem === undefined) resolve({ exitCode, stdout, stderr, events });
      else reject(new Error(`stdout with -o json: ${problem}`));
    });
  });
}

/** Kills the kboot that `run` starts, with `-o json`, at the first event of which `isMoment` is true. Throws if there was none. */
export async function killAt(
  title: string,
  run: (options: KbootOptions) => Promise<KbootResult>,
  isMoment: (event: KbootEvent) => boolean,
): Promise<void> {
  const reached: KbootEvent[] = [];
  const { exitCode, stdout, stderr } = await run({
    onEvent: (event, kill) => {
      if (reached.length > 0 || !isMoment(event)) return;
      reached.push(event);
      kill();
    },
  });
  if (reached.length === 0 || exitCode !== null)
    throw new Error(`not killed ${title}: status ${String(exitCode)}\n${stdout.slice(-2000)}${stderr}`);
}

/** The tasks of the plan that a run with `-o json` made. */
function plannedTasks(result: KbootResult): readonly Task[] {
  return tasksOf(result.events.find((event) => event.type === 'plan')?.plan?.phases ?? []);
}

/** The steps of that plan. */
export function plannedSteps(result: KbootResult): readonly Step[] {
  return plannedTasks(result).flatMap(({ steps }) => steps);
}

/** What the steps of that plan on one host change. */
export function plannedTargets(result: KbootResult, host: string): readonly Target[] {
  return plannedTasks(result)
    .filter(({ on }) => typeof on !== 'string' && on.host === host)
    .flatMap(({ steps }) => steps.map(({ target }) => target));
}

/** Steps in one line each, except the one that issues certificates: `w-1 update file /etc/crictl.yaml`. */
export function stepLines(result: KbootResult): readonly string[] {
  return plannedTasks(result).flatMap(({ on, steps }) =>
    steps
      .filter(({ type }) => type !== 'issue')
      .map(({ verb, target }) => `${typeof on === 'string' ? on : on.host} ${verb} ${targetText(target)}`),
  );
}

/** Connections and execs per host, from `--stats`. */
export function costs(result: KbootResult): ReadonlyMap<string, { connections: number; execs: number }> {
  const rows = [...result.stderr.matchAll(/^(\S+) +(\d+) +(\d+) +\d+ +\d+ +\d+/gm)];
  return new Map(
    rows.map(([, host = '', connections, execs]) => [
      host,
      { connections: Number(connections), execs: Number(execs) },
    ]),
  );
}
