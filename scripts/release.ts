// npm run release -- --home URL [--files URL] [--draft]: all files of a release, into dist-release/. Publishes nothing.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './bundling.ts';
import { main } from './main.ts';
import { sha256 } from '../src/model/digest.ts';
import { tarGz, type Entry } from './release/archive.ts';
import { ociArchive } from './release/image.ts';
import { nodeLicence, systemFiles } from './release/root-filesystem.ts';
import { checksums, formula, releaseNotes } from './release/texts.ts';

const out = join(root, 'dist-release');
const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';

await main(release);

async function release(): Promise<void> {
  const { values } = parseArgs({
    options: {
      home: { type: 'string' },
      files: { type: 'string' },
      draft: { type: 'boolean', default: false },
    },
  });
  const { home, draft } = values;
  if (home === undefined)
    throw new Error('usage: npm run release -- --home https://git.example.com/kboot [--files URL] [--draft]');
  const { version, license } = JSON.parse(read('package.json')) as { version: string; license: string };
  const notes = releaseNotes(read('CHANGELOG.md'), version, draft);
  const at = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct')) * 1000);

  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  run('npm', ['pack', '--silent', '--pack-destination', out]);
  const npmPackage = `kboot-${version}.tgz`;
  const executable = buildExecutable();
  const labels = {
    'org.opencontainers.image.title': 'kboot',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': license,
    'org.opencontainers.image.source': home,
  };
  const files = new Map<string, Buffer | string>([
    [npmPackage, readFileSync(join(out, npmPackage))],
    [`kboot-${version}-linux-${architecture}.tar.gz`, await tarGz(executable, at)],
    [`kboot-${version}-linux-${architecture}.oci.tar`, await image(executable, version, labels, at)],
    ['RELEASE-NOTES.md', notes],
  ]);
  const url = `${values.files ?? `${home}/releases/download/v${version}`}/${npmPackage}`;
  const sum = sha256(files.get(npmPackage) ?? '');
  files.set('kboot.rb', formula({ url, sha256: sum, homepage: home, license }));
  const sums = checksums([...files].map(([name, content]) => ({ name, sha256: sha256(content) })));
  for (const [name, content] of files.set('SHA256SUMS', sums)) writeFileSync(join(out, name), content);
  process.stdout.write(`kboot ${version}${draft ? ' (draft)' : ''}, in dist-release/:\n${sums}`);
}

/** The executable, and the licences of all that is in it. */
function buildExecutable(): readonly Entry[] {
  const work = mkdtempSync(join(tmpdir(), 'kboot-release-'));
  try {
    const file = join(work, 'kboot');
    run('npm', ['run', '--silent', 'sea', '--', file]);
    const node = `${'='.repeat(80)}\n\nNode.js ${process.version}\n\n${nodeLicence()}`;
    const notices = `${read('dist/THIRD-PARTY-NOTICES.txt')}\n${node}`;
    return [
      { path: 'kboot', mode: 0o755, content: readFileSync(file) },
      { path: 'LICENSE', mode: 0o644, content: Buffer.from(read('LICENSE')) },
      { path: 'THIRD-PARTY-NOTICES.txt', mode: 0o644, content: Buffer.from(notices) },
    ];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The executable and what it needs of a system; it works in /work, where the inventory is mounted. */
function image(
  executable: readonly Entry[],
  version: string,
  labels: Readonly<Record<string, string>>,
  created: Date,
): Promise<Buffer> {
  const placed = executable.map((entry) => ({
    ...entry,
    path: entry.path === 'kboot' ? 'usr/local/bin/kboot' : `usr/share/doc/kboot/${entry.path}`,
  }));
  return ociArchive({
    name: `localhost/kboot:${version}`,
    architecture,
    created,
    labels,
    entrypoint: ['/usr/local/bin/kboot'],
    workingDir: '/work',
    env: ['PATH=/usr/local/bin', 'HOME=/root'],
    layers: [systemFiles(process.execPath), placed],
  });
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' });
}

/** Throws if the program fails. */
function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
