// npm run try: boots the lab (three hosts on this machine) and installs a cluster there, as far as the available files allow.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const inventory = 'inventories/lab.yaml';
const main = 'dist/main.js';
const debianBundle = '.lab/bundle';
const fetchedBundle = '.lab/kubernetes';

process.chdir(join(import.meta.dirname, '..'));
process.exitCode = await tryOut();

async function tryOut(): Promise<number> {
  const lacking = spawnSync(...lab('check'), { encoding: 'utf8' });
  if (lacking.status !== 0) {
    say(lacking.stderr.trim() || 'npm ci has not been run here');
    return 1;
  }
  if (!existsSync(main) && (await run('npm', ['run', '--silent', 'build'])) !== 0) return 1;
  const source = await findFiles();
  if (source.why !== undefined) say(source.why);
  if (source.bundle === debianBundle && (await makeDebianBundle()) !== 0) return 1;
  if ((await run(...lab('up'))) !== 0) return 1;
  // A bundle of Debian's packages, or one that was built somewhere: it is only tried here.
  const inside = [
    ...['env', 'KBOOT_KNOWN_HOSTS=.lab/known_hosts', `KBOOT_BUNDLE=${source.bundle}`],
    'KBOOT_ALLOW_UNOFFICIAL=true',
  ];
  const up = [process.execPath, main, 'up', inventory, '--yes', ...source.rest];
  const status = await run(...lab('exec', '--', ...inside, ...up));
  if (status === 0) {
    say(`
Run again: there is nothing left to do         npm run try
A shell on a host                              npm run lab -- ssh cp-1
Crash a host, boot it, then run again          npm run lab -- kill w-1; npm run lab -- boot w-1
Remove the lab                                 npm run lab -- down`);
  }
  return status;
}

interface Source {
  /** The bundle to install from. */
  readonly bundle: string;
  /** Additional arguments for `up`. */
  readonly rest: readonly string[];
  /** Why it is not a complete Kubernetes, if it is not. */
  readonly why?: string;
}

/** The bundle in KBOOT_BUNDLE, else one that is fetched here, else one made from Debian's packages. */
async function findFiles(): Promise<Source> {
  const given = process.env['KBOOT_BUNDLE'] ?? '';
  if (given !== '' && hasKubelet(given)) return { bundle: given, rest: [] };
  const asFar =
    "so only the stages that Debian's packages suffice for are run: host and runtime (containerd, runc, CNI plugins).";
  const debian = (why: string): Source => ({
    bundle: debianBundle,
    rest: ['--until', 'runtime'],
    why: `${why}, ${asFar}`,
  });
  if (given !== '') return debian(`The bundle ${given} has no kubelet`);
  if (!(await officialHostAnswers()))
    return debian(
      'The Kubernetes files are not available (KBOOT_BUNDLE is not set, and the official host does not respond)',
    );
  const create = [main, 'bundle', 'create', fetchedBundle, '--inventory', inventory, '--allow-unofficial'];
  if ((await run(process.execPath, create)) === 0) return { bundle: fetchedBundle, rest: [] };
  return debian('Not all Kubernetes files could be fetched');
}

function hasKubelet(bundle: string): boolean {
  const bin = join(bundle, 'bin');
  return existsSync(bin) && readdirSync(bin).some((platform) => existsSync(join(bin, platform, 'kubelet')));
}

/** Sends a HEAD request for the kubelet of the inventory's version. */
async function officialHostAnswers(): Promise<boolean> {
  const [{ readInventory }, { release }, { artifacts }] = await Promise.all([
    import('../src/app/read-inventory.ts'),
    import('../src/catalog/release.ts'),
    import('../src/catalog/artifacts.ts'),
  ]);
  const { kubernetesVersion } = (await readInventory(inventory)).cluster;
  const kubelet = artifacts(release(kubernetesVersion), 'amd64').find(({ name }) => name === 'kubelet');
  try {
    return (
      kubelet !== undefined &&
      (await fetch(kubelet.url, { method: 'HEAD', signal: AbortSignal.timeout(5000) })).ok
    );
  } catch {
    return false;
  }
}

/** Returns status 0 once it exists; fetched by apt, and kept for the next run. */
function makeDebianBundle(): Promise<number> {
  if (existsSync(join(debianBundle, 'bundle.json'))) return Promise.resolve(0);
  const make = `import { makeDebianBundle } from './test/lab/debian-bundle.ts'; await makeDebianBundle('${debianBundle}');`;
  return run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', make]);
}

/** Program and arguments of `npm run lab -- WORDS`. */
function lab(...words: readonly string[]): [string, string[]] {
  return [process.execPath, ['--import', 'tsx', 'test/lab/cli.ts', ...words]];
}

/** Runs a program on this terminal and returns its exit status. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C also reaches the child: it ends in an orderly way, and then so does this program.
    const wait = () => undefined;
    process.on('SIGINT', wait);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('SIGINT', wait);
      resolve(code ?? 130);
    });
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
