// npm run try: boots the lab (three hosts on this machine) and makes a cluster there, as far as the files at hand serve.
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
  const inside = ['env', 'KBOOT_KNOWN_HOSTS=.lab/known_hosts', `KBOOT_BUNDLE=${source.bundle}`];
  const up = [process.execPath, main, 'up', inventory, '--yes', ...source.rest];
  const status = await run(...lab('exec', '--', ...inside, ...up));
  if (status === 0) {
    say(`
Once more, to see that nothing is left to do   npm run try
A shell on a host                              npm run lab -- ssh cp-1
Pull the plug of one, put it back, run again   npm run lab -- kill w-1; npm run lab -- boot w-1
Take the lab away                              npm run lab -- down`);
  }
  return status;
}

interface Source {
  /** The bundle to install from. */
  readonly bundle: string;
  /** What to add to `up`. */
  readonly rest: readonly string[];
  /** Why it is not all of Kubernetes, if it is not. */
  readonly why?: string;
}

/** A bundle that is named, else one that is fetched here, else what Debian's packages give. */
async function findFiles(): Promise<Source> {
  const given = process.env['KBOOT_BUNDLE'] ?? '';
  if (given !== '' && hasKubelet(given)) return { bundle: given, rest: [] };
  const asFar =
    "so this goes as far as Debian's packages serve: host and runtime (containerd, runc, CNI plugins).";
  const debian = (why: string): Source => ({
    bundle: debianBundle,
    rest: ['--until', 'runtime'],
    why: `${why}, ${asFar}`,
  });
  if (given !== '') return debian(`The bundle ${given} has no kubelet`);
  if (!(await officialHostAnswers()))
    return debian(
      "Kubernetes' files cannot be had here (KBOOT_BUNDLE names no bundle, the official host does not answer)",
    );
  const create = [main, 'bundle', 'create', fetchedBundle, '--inventory', inventory];
  if ((await run(process.execPath, create)) === 0) return { bundle: fetchedBundle, rest: [] };
  return debian("Kubernetes' files could not be fetched whole");
}

function hasKubelet(bundle: string): boolean {
  const bin = join(bundle, 'bin');
  return existsSync(bin) && readdirSync(bin).some((platform) => existsSync(join(bin, platform, 'kubelet')));
}

/** Asks for the head of the kubelet that the inventory's version needs. */
async function officialHostAnswers(): Promise<boolean> {
  const [{ readInventory }, { release }, { artifacts }] = await Promise.all([
    import('../src/app/read-inventory.ts'),
    import('../src/catalog/release.ts'),
    import('../src/catalog/artifacts.ts'),
  ]);
  const { kubernetesVersion } = readInventory(inventory).cluster;
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

/** Status 0 once it is there; fetched by apt, and kept for the next time. */
function makeDebianBundle(): Promise<number> {
  if (existsSync(join(debianBundle, 'bundle.json'))) return Promise.resolve(0);
  const make = `import { makeDebianBundle } from './test/lab/debian-bundle.ts'; await makeDebianBundle('${debianBundle}');`;
  return run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', make]);
}

/** Program and arguments of `npm run lab -- WORDS`. */
function lab(...words: readonly string[]): [string, string[]] {
  return [process.execPath, ['--import', 'tsx', 'test/lab/cli.ts', ...words]];
}

/** Runs a program on this terminal; its exit status. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    // Ctrl-C reaches the child, too: it ends in order, and then this does.
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
