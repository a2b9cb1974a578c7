import { stringify } from 'yaml';
import { pushBundle } from '../app/push-bundle.ts';
import { passwordVariable, registrySettings, type RegistrySettings } from '../desire/registry-settings.ts';
import type { PushEvent } from '../fetch/events.ts';
import { imageRepository } from '../inventory/schema.ts';
import { KbootError } from '../model/error.ts';
import { plural } from '../model/plural.ts';
import { openBundle } from '../store/bundle.ts';
import { storedLogin } from '../store/registry-auth.ts';
import { showPushing } from '../view/fetch-progress.ts';
import { block, line } from '../view/printable.ts';
import type { BundleCommandArgs } from './args.ts';
import { fileOfFlag } from './flag-file.ts';
import { onInterrupt } from './interrupt.ts';
import { remedies } from './remedies.ts';
import { event, note, print, screen } from './terminal.ts';

/** Pushes the images of a bundle, and prints what the inventory needs to use them. Throws as pushBundle does, E-USAGE. */
export async function runPush(args: BundleCommandArgs): Promise<void> {
  const { directory, verbose, 'ca-file': caFile, 'plain-http': plainHttp, insecure } = args;
  const registry = registryOf(args);
  if ([insecure, plainHttp, caFile !== undefined].filter(Boolean).length > 1)
    throw new KbootError('E-USAGE', '--ca-file, --insecure and --plain-http exclude each other');
  const bundle = openBundle({ directory });
  if (bundle.images.length === 0) throw new KbootError('E-BUNDLE', `the bundle ${directory} has no images`);
  const credentials = loginOf(args, registry);
  const trust = {
    ...(caFile !== undefined && { ca: textOf('--ca-file', caFile) }),
    ...(insecure && { anyCertificate: true }),
  };
  if (plainHttp && credentials !== undefined)
    note(
      line`warning: the password of ${credentials.username} and all images go to ${registry} without encryption`,
    );
  const json = args.output === 'json';
  const progress = json ? undefined : showPushing(screen);
  const images = { pushed: 0, present: 0, sent: 0 };
  const tell = (each: PushEvent): void => {
    progress?.take(each);
    if (json && each.type !== 'bytes') event(each);
    if (each.type !== 'pushed') return;
    images[each.sent === undefined ? 'present' : 'pushed']++;
    images.sent += each.sent ?? 0;
  };
  const heard = (text: string): void => {
    if (!verbose) return;
    if (progress === undefined) note(line`${text}`);
    else progress.say(text);
  };
  const interrupt = onInterrupt(() => undefined);
  try {
    const { signal } = interrupt;
    const { layout, unpinned } = await pushBundle({
      ...{ bundle, registry, credentials, trust, plainHttp, signal, tell, heard },
    });
    progress?.stop();
    const login = credentials && { username: credentials.username, passwordFile: args['password-file'] };
    const access = { plainHttp, anyCertificate: insecure, caFile, login };
    const settings = registrySettings(layout, registry, access);
    if (json)
      event({
        type: 'bundle-pushed',
        directory,
        registry,
        ...images,
        unpinned: [...unpinned],
        spec: { ...settings },
      });
    else printResult(registry, images, settings, unpinned);
  } finally {
    interrupt.stop();
    progress?.stop();
  }
}

function printResult(
  registry: string,
  { pushed, present, sent }: { readonly pushed: number; readonly present: number; readonly sent: number },
  settings: RegistrySettings,
  unpinned: readonly string[],
): void {
  print(
    line`${registry}: ${plural(pushed, 'image')} pushed (${Math.round(sent / 1e6)} MB), ${plural(present, 'image')} already there`,
  );
  for (const ref of unpinned)
    print(
      line`warning: ${ref}: this digest is of an index for more architectures than the bundle has, which this registry does not take. Nodes cannot pull it; use the bundle for them, or copy the image with all its architectures`,
    );
  if (Object.keys(settings).length === 0) {
    print(line`The images have the names that the registry is for: the inventory needs no setting.`);
    return;
  }
  print(line`In the inventory, so that nodes pull from there:`);
  print(block(`\n${stringify({ spec: settings }, { lineWidth: 0 }).trimEnd()}`));
}

function registryOf({ registry }: BundleCommandArgs): string {
  if (registry === undefined)
    throw new KbootError('E-USAGE', '`kboot bundle push` needs --registry HOST[:PORT][/PATH]', {
      remedy: remedies.bundleHelp,
    });
  const problem = imageRepository(registry);
  if (problem !== undefined) throw new KbootError('E-USAGE', `--registry ${problem}`);
  return registry;
}

/** The login of the flags, else the stored one; undefined: none. Throws KbootError E-USAGE if flags are not complete. */
function loginOf(
  args: BundleCommandArgs,
  registry: string,
): { readonly username: string; readonly password: string } | undefined {
  const { username, 'password-file': file } = args;
  if (username === undefined) {
    if (file !== undefined) throw new KbootError('E-USAGE', '--password-file needs --username USER');
    return storedLogin(registry);
  }
  const variable = process.env[passwordVariable] ?? '';
  const password = file === undefined ? variable : textOf('--password-file', file).replace(/\r?\n$/, '');
  if (password === '')
    throw new KbootError('E-USAGE', `--username ${username} needs a password`, {
      remedy: remedies.registryPassword,
    });
  return { username, password };
}

const textOf = (flag: string, file: string): string => fileOfFlag(flag, file).toString('utf8');
