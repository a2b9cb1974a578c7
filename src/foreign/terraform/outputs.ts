import type { Path } from '../../inventory/position.ts';
import { few } from '../../model/few.ts';
import { KbootError } from '../../model/error.ts';
import { unreadable, type ForeignDocument } from '../problem.ts';
import { recordOf } from '../../model/record.ts';
import { remedies } from '../remedies.ts';

/** The output of a Terraform module that lists the hosts. */
export const hostsOutput = 'kboot_hosts';

/**
 * Where the hosts are: the value of output `kboot_hosts` in what `terraform output -json`, `terraform output -json
 * kboot_hosts` or `terraform show -json` prints, or in a state file. Throws KbootError E-USAGE with the text for outputs.tf if
 * there is no such output.
 */
export function hostsPath(document: ForeignDocument): Path {
  if (Array.isArray(document.data)) return [];
  const data = recordOf(document.data);
  if (data === undefined) throw document.fault([], 'must be what `terraform output -json` prints');
  if (data['planned_values'] !== undefined || data['resource_changes'] !== undefined)
    throw unreadable(
      document.at([]),
      'this is a plan of Terraform, whose addresses are not known yet',
      remedies.applyFirst,
    );
  const base = outputsPath(data);
  const outputs =
    recordOf(base.reduce<unknown>((value, step) => recordOf(value)?.[String(step)], data)) ?? {};
  const found = recordOf(outputs[hostsOutput]);
  if (found !== undefined && 'value' in found) return [...base, hostsOutput, 'value'];
  const names = Object.keys(outputs);
  const has = names.length === 0 ? 'it has no outputs' : `it has the outputs ${few(names, 5)}`;
  throw new KbootError(
    'E-USAGE',
    `${document.file} has no output ${hostsOutput} (${has}); nothing was written.`,
    {
      detail: snippet,
      remedy: remedies.addOutput,
    },
  );
}

/** `terraform show -json` has them below `values`, a state file in `outputs`, `terraform output -json` has nothing else. */
function outputsPath(data: Readonly<Record<string, unknown>>): Path {
  if ('format_version' in data) return ['values', 'outputs'];
  return 'terraform_version' in data && 'lineage' in data ? ['outputs'] : [];
}

const snippet = `output "${hostsOutput}" {
  value = concat(
    [for m in aws_instance.control_plane : {
      name    = m.tags.Name
      roles   = ["control-plane"]
      address = m.private_ip
      ssh     = { address = m.public_ip, user = "ubuntu" }
    }],
    [for m in aws_instance.worker : {
      name    = m.tags.Name
      roles   = ["worker"]
      address = m.private_ip
      ssh     = { address = m.public_ip, user = "ubuntu" }
    }],
  )
}`;
