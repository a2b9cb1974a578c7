import { dirname, join } from 'node:path';
import { knownVersions } from '../../catalog/release.ts';
import { namesIn, type VariableFile } from '../../foreign/ansible/inventory.ts';
import { readAnsible } from '../../foreign/ansible/read.ts';
import { readHostWords } from '../../foreign/host-words.ts';
import { readK0sctl } from '../../foreign/k0sctl/read.ts';
import { readKubeadm } from '../../foreign/kubeadm/read.ts';
import { readTerraform } from '../../foreign/terraform/read.ts';
import type { Foreign } from '../../foreign/types.ts';
import { readForeignText, textLimit, variableFiles } from '../../store/foreign-text.ts';

/** Where an inventory comes from: a flag of `init`, and its words. */
export type Source =
  | { readonly kind: 'hosts'; readonly words: readonly string[] }
  | { readonly kind: 'ansible' | 'k0sctl' | 'terraform'; readonly file: string }
  | { readonly kind: 'kubeadm'; readonly files: readonly string[] };

/** Reads what somebody has. Throws KbootError E-USAGE with the first problem, and its place. */
export function readSource(source: Source): Foreign {
  switch (source.kind) {
    case 'hosts':
      return readHostWords(source.words);
    case 'ansible':
      return ansible(source.file);
    case 'k0sctl':
      return readK0sctl(textIn(source.file, '--from-k0sctl'), process.env, knownVersions());
    case 'terraform':
      return readTerraform(textIn(source.file, '--from-terraform', textLimit.generated));
    case 'kubeadm':
      return readKubeadm(
        source.files.map((file) => textIn(file, '--from-kubeadm')),
        knownVersions(),
      );
  }
}

function textIn(
  file: string,
  flag: string,
  limit: number = textLimit.written,
): { readonly file: string; readonly text: string } {
  return { file: fileName(file), text: readForeignText(file, flag, limit) };
}

/** The file of a source in messages. */
export function fileName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** The inventory, and the files of variables in the folders beside it. */
function ansible(file: string): Foreign {
  const flag = '--from-ansible';
  const main = {
    file: fileName(file),
    text: readForeignText(file, flag, textLimit.generated),
  };
  const names = namesIn(main);
  const folder = dirname(file);
  const filesOf = (kind: VariableFile['kind'], of: readonly string[]): readonly VariableFile[] =>
    file === '-'
      ? []
      : of.flatMap((name) =>
          variableFiles(join(folder, `${kind}_vars`), name).map((path) => ({
            ...{ kind, of: name, file: path },
            text: readForeignText(path, flag, textLimit.written),
          })),
        );
  return readAnsible(
    main,
    [...filesOf('group', names.groups), ...filesOf('host', names.hosts)],
    knownVersions(),
  );
}
