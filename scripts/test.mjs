// npm test: lint, types, unit tests, pages in a browser, the lab (real hosts), the cluster tier; last line: N passed, N failed, N skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const total = { passed: 0, failed: 0, skipped: 0 };
const reports = mkdtempSync(join(tmpdir(), 'kboot-test-'));
/** What failed, told again above the last line: a long log is read from its end. */
const failures = [];
const labRequired = isSet('CI') || isSet('KBOOT_REQUIRE_LAB');

try {
  check('Lint', ['run', '--silent', 'lint']);
  check('Types', ['run', '--silent', 'types']);
  vitest('Unit tests', 'unit');
  if (hasChromium()) vitest('Pages in a browser', 'browser');
  else lacking('Pages in a browser', 'chromium is not installed: apt-get install chromium');
  const missing = missingForLab();
  if (missing === '') vitest('Lab: real hosts on this machine', 'lab');
  else lacking('Lab: real hosts on this machine', missing);
  clusterTier(missing);
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (failures.length > 0) console.log(`\n=== Failed\n${failures.join('\n')}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

function heading(title) {
  console.log(`\n=== ${title}`);
}

function isSet(name) {
  return !['', '0', 'false', undefined].includes(process.env[name]);
}

/** Runs a program on this terminal and returns its exit status. */
function run(program, args) {
  return spawnSync(program, args, { stdio: 'inherit' }).status ?? 1;
}

/** A check without its own counts: only counted if it fails. */
function check(title, npmArgs) {
  heading(title);
  if (run('npm', npmArgs) === 0) return console.log('ok');
  console.log(`${title}: FAILED`);
  failures.push(title);
  total.failed += 1;
}

/** One vitest project; a file that cannot be loaded, or an error outside any test, counts as a failure. */
function vitest(title, project) {
  heading(title);
  const report = join(reports, `${title.replace(/\W+/g, '-')}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = run(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    project,
    ...reporters,
  ]);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  const failed = counts?.numFailedTests ?? 0;
  total.passed += counts?.numPassedTests ?? 0;
  total.skipped += (counts?.numPendingTests ?? 0) + (counts?.numTodoTests ?? 0);
  total.failed += failed === 0 && (status !== 0 || counts?.success !== true) ? 1 : failed;
  for (const file of counts?.testResults ?? []) failures.push(...failuresOf(file));
}

/** One file of vitest's JSON report: a line for each failed test with its first lines, or for the file if it has none. */
function failuresOf(file) {
  const name = relative(process.cwd(), file.name);
  const tests = file.assertionResults.filter(({ status }) => status === 'failed');
  if (tests.length === 0) return file.status === 'failed' ? [`${name}: ${firstLines(file.message)}`] : [];
  return tests.map((test) => `${name} > ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`);
}

function firstLines(text) {
  return text.split('\n').slice(0, 12).join('\n    ');
}

function hasChromium() {
  return spawnSync('chromium', ['--version']).status === 0;
}

/** Describes what this machine lacks for the lab; '' if nothing. */
function missingForLab() {
  const result = spawnSync('npm', ['run', '--silent', 'lab', '--', 'check'], { encoding: 'utf8' });
  return result.status === 0 ? '' : result.stderr.trim() || 'npm run lab -- check failed';
}

/** A tier that cannot run here: reported loudly, and a failure if the lab is required. */
function lacking(title, missing) {
  heading(title);
  console.log(`NOT RUN.\n${missing}`);
  if (labRequired) {
    failures.push(`${title}: not run`);
    total.failed += 1;
  } else total.skipped += 1;
}

function clusterTier(missing) {
  const title = 'Clusters: kboot up with real Kubernetes';
  const files = existsSync('test/e2e')
    ? readdirSync('test/e2e').filter((name) => name.endsWith('.test.ts'))
    : [];
  if (isSet('KBOOT_BUNDLE') && files.length > 0) {
    if (missing === '') vitest(title, 'cluster');
    else lacking(title, missing);
    return;
  }
  heading(title);
  console.log('Skipped: KBOOT_BUNDLE is not set to a bundle with the Kubernetes files (README, "Tests").');
  total.skipped += Math.max(files.length, 1);
}
