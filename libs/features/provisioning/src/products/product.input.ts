import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import { DROPLET_NAME, OwnDropletInput, TAG } from '../droplets/droplet.input';
import type { ProductKind } from '../provider/product-calls';

/** The largest volume of the provider is 16 TiB. */
const MOST_GIB = 16_384;
const MOST_DROPLETS = 10;
const MOST_RULES = 50;
const REGION = /^[\w.-]{1,64}$/;
/** Source: docs/digitalocean-facts.md 6.1. */
const VOLUME_NAME = /^[a-z][a-z0-9-]{0,63}$/;
/** Source: docs/digitalocean-facts.md 8.1. */
const FIREWALL_NAME = /^[a-zA-Z0-9][a-zA-Z0-9.-]+$/;
const PORTS = /^(0|all|\d{1,5}(-\d{1,5})?)$/;
/** Who may be on the other side of a rule, in the words of the provider. Tenants name addresses only. */
const PEERS = ['addresses', 'droplet_ids', 'load_balancer_uids', 'kubernetes_ids', 'tags'];

type Rule = Readonly<Record<string, unknown>>;

/** Whether a value is a rule in the form of the provider, with its peers in this field. Pure. */
function isRule(value: unknown, side: 'sources' | 'destinations'): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { protocol, ports, [side]: peers, ...others } = value as Rule;
  if (Object.keys(others).length > 0 || !['tcp', 'udp', 'icmp'].includes(String(protocol))) return false;
  if (protocol === 'icmp' ? ports !== undefined && !PORTS.test(String(ports)) : !PORTS.test(String(ports))) return false;
  if (typeof peers !== 'object' || peers === null) return false;
  const lists = Object.entries(peers as Rule);
  const isPeer = (one: unknown) => (typeof one === 'string' && one !== '' && one.length <= 255) || Number.isSafeInteger(one);
  return (
    lists.length > 0 &&
    lists.every(([field, list]) => PEERS.includes(field) && Array.isArray(list) && list.length <= 100 && list.every(isPeer))
  );
}

const IsFirewallRule = (side: 'sources' | 'destinations'): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isFirewallRule',
      constraints: [side],
      validator: {
        validate: (value: unknown) => isRule(value, side),
        defaultMessage: () =>
          `$property must be rules such as {"protocol": "tcp", "ports": "22", "${side}": {"addresses": ["203.0.113.0/24"]}}`,
      },
    },
    { each: true },
  );

/** Names any resource by our id of it. */
export class OwnResourceInput extends OwnDropletInput {}

/** The droplet to rename, and its new name. */
export class RenameDropletInput extends OwnDropletInput {
  @IsString()
  @MaxLength(255)
  @Matches(DROPLET_NAME, { message: '$property must be letters, digits, dots and hyphens, and begin and end with a letter or digit' })
  readonly name: string;
}

/** Whether the provider backs a droplet up, and how often. */
export class DropletBackupsInput extends OwnDropletInput {
  @IsBoolean()
  readonly enabled: boolean;

  /** Weekly by default; a droplet that has backups keeps its plan. */
  @IsOptional()
  @IsIn(['weekly', 'daily'])
  readonly plan?: 'weekly' | 'daily';
}

/** All tags that a droplet or a volume should have. */
export class TagResourceInput extends OwnDropletInput {
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(TAG, { each: true, message: '$property must be letters, digits and : - _' })
  readonly tags: string[];
}

/** The backup or snapshot to which a droplet is set back. */
export class RestoreDropletInput extends OwnDropletInput {
  /** The provider's id of a backup or snapshot of the droplet. */
  @Matches(/^\d{1,20}$/, { message: '$property must be the id of a backup or snapshot of the droplet' })
  readonly image: string;

  /** Takes no snapshot of the present disk first. */
  @IsOptional()
  @IsBoolean()
  readonly skip_snapshot?: boolean;
}

/** The volume to create. */
export class CreateVolumeInput {
  @IsString()
  @Matches(VOLUME_NAME, { message: '$property must be lower-case letters, digits and hyphens, begin with a letter, and have at most 64' })
  readonly name: string;

  @IsInt()
  @Min(1)
  @Max(MOST_GIB)
  readonly size_gib: number;

  @Matches(REGION, { message: '$property must be a slug of the catalog' })
  readonly region: string;

  @IsOptional()
  @IsUUID()
  readonly project_id?: string;

  /** Our id of the droplet to which the volume is attached. */
  @IsOptional()
  @IsUUID()
  readonly attach_to?: string;

  @IsOptional()
  @IsIn(['ext4', 'xfs'])
  readonly filesystem_type?: 'ext4' | 'xfs';
}

/** A volume or an address, and a droplet. */
export class WithDropletInput extends OwnDropletInput {
  @IsUUID()
  readonly droplet_resource_id: string;
}

export class DetachVolumeInput extends OwnDropletInput {
  /** The droplet to which the volume must be attached. */
  @IsOptional()
  @IsUUID()
  readonly droplet_resource_id?: string;
}

export class ResizeVolumeInput extends OwnDropletInput {
  @IsInt()
  @Min(1)
  @Max(MOST_GIB)
  readonly size_gib: number;
}

/** Where an address is reserved: in a region, or for a droplet. */
export class ReserveIpInput {
  @IsOptional()
  @Matches(REGION, { message: '$property must be a slug of the catalog' })
  readonly region?: string;

  @IsOptional()
  @IsUUID()
  readonly droplet_resource_id?: string;

  @IsOptional()
  @IsUUID()
  readonly project_id?: string;
}

export class ReleaseIpInput extends OwnDropletInput {
  /** Releases the address although DNS records point at it. */
  @IsOptional()
  @IsBoolean()
  readonly force?: boolean;
}

/** The rules of a firewall, as at the provider. */
class FirewallRulesInput {
  @IsArray()
  @ArrayMaxSize(MOST_RULES)
  @IsFirewallRule('sources')
  readonly inbound_rules: Rule[];

  @IsArray()
  @ArrayMaxSize(MOST_RULES)
  @IsFirewallRule('destinations')
  readonly outbound_rules: Rule[];
}

export class CreateFirewallInput extends FirewallRulesInput {
  @IsString()
  @MaxLength(255)
  @Matches(FIREWALL_NAME, { message: '$property must be letters, digits, dots and hyphens, and begin with a letter or digit' })
  readonly name: string;

  /** Our ids of the droplets that it protects. A tenant must name one: a firewall belongs to the tenant of its droplets. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_DROPLETS)
  @IsUUID(undefined, { each: true })
  readonly droplet_resource_ids?: string[];
}

export class UpdateFirewallInput extends FirewallRulesInput {
  @IsUUID()
  readonly resource_id: string;
}

export class AttachFirewallInput extends OwnDropletInput {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_DROPLETS)
  @IsUUID(undefined, { each: true })
  readonly droplet_resource_ids: string[];
}

/**
 * An accepted input of any of these kinds: the input of the start, and what was found for it. `kind` and `provider_id`: the object that the
 * saga changes. `changes`: the fields of its desired state that the saga changes.
 */
export type AcceptedProduct = {
  readonly kind?: Exclude<ProductKind, 'backup_policy'>;
  readonly resource_id?: string;
  readonly provider_id?: string;
  readonly droplet_id?: string;
  readonly droplet_ids?: readonly string[];
  readonly droplet_resource_id?: string;
  readonly droplet_resource_ids?: readonly string[];
  readonly project_id?: string;
  readonly project_uuid?: string;
  readonly attach_to?: string;
  readonly name?: string;
  readonly region?: string;
  readonly size_gib?: number;
  readonly filesystem_type?: string;
  readonly tags?: readonly string[];
  readonly enabled?: boolean;
  readonly plan?: 'weekly' | 'daily';
  readonly inbound_rules?: readonly Rule[];
  readonly outbound_rules?: readonly Rule[];
  readonly force?: boolean;
  readonly image?: string;
  readonly skip_snapshot?: boolean;
  /** Whether the image is a backup, which the provider restores, or a snapshot, from which it builds the droplet again. */
  readonly image_kind?: 'snapshot' | 'droplet_backup';
  readonly changes?: readonly string[];
};
