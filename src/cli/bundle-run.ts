import { indexBundle } from '../store/bundle-index.ts';
import { openBundle, verifyBundle } from '../store/bundle.ts';
import type { BundleCommandArgs } from './args.ts';
import { event, print } from './terminal.ts';

/** Writes or checks the index of a bundle. */
export async function runBundle(args: BundleCommandArgs): Promise<void> {
  const { directory } = args;
  const index =
    args.action === 'index'
      ? await indexBundle(directory, args['kubernetes-version'])
      : openBundle(directory);
  if (args.action === 'verify') await verifyBundle({ ...index, directory });
  const bytes = index.files.reduce((sum, file) => sum + file.size, 0);
  if (args.output === 'json') event({ type: 'bundle', directory, ...index });
  else
    print(
      `${directory}: ${args.action === 'index' ? 'bundle.json written for' : 'verified'} ${index.files.length} files, ${Math.round(bytes / 1e6)} MB, ${index.images.length} images, Kubernetes ${index.kubernetesVersion}`,
    );
}
