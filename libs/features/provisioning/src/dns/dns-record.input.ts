import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { RECORD_TYPES, type RecordType } from '../provider/dns-record-calls';

const PORT_MAX = 65_535;
const DAYS_68_S = 2_147_483_647;

/** The record that a zone should have, or that should be deleted from it. */
export class DnsRecordInput {
  @IsString()
  @MaxLength(253)
  @Matches(/^([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$/i, { message: '$property must be the name of a zone' })
  readonly dns_domain: string;

  @IsIn(RECORD_TYPES)
  readonly dns_record_type: RecordType;

  /** The name relative to the zone, or `@` for the zone itself. The full name is accepted too. */
  @IsString()
  @MinLength(1)
  @MaxLength(253)
  @Matches(/^(@|\*|(\*\.)?[\w-]+(\.[\w-]+)*\.?)$/, { message: '$property must be a name in the zone, or @' })
  readonly dns_record_name: string;

  @IsString()
  @MinLength(1)
  @MaxLength(4_096)
  readonly dns_record_data: string;

  /** Seconds. All records of one name and type share one TTL. The provider's minimum is 30. */
  @IsOptional()
  @IsInt()
  @Min(30)
  @Max(DAYS_68_S)
  readonly dns_record_ttl?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  readonly dns_record_priority?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  readonly dns_record_port?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(PORT_MAX)
  readonly dns_record_weight?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(255)
  readonly dns_record_flags?: number;

  @IsOptional()
  @IsIn(['issue', 'issuewild', 'iodef'])
  readonly dns_record_tag?: string;

  /** Selects the record with this data where several have this name and type. */
  @IsOptional()
  @IsString()
  @MaxLength(4_096)
  readonly dns_record_previous_data?: string;
}

/** An accepted record. `zone_id`: the zone in the inventory; a saga of the previous release has none. */
export type AcceptedRecord = DnsRecordInput & { readonly zone_id?: string };

/** The zone, type and name in a hold of `recordHolds`; undefined for any other hold. */
export function recordPlaceOf(hold: string): { readonly zone: string; readonly type: string; readonly name: string } | undefined {
  const [, zone, type, name] = /^zone-record:([^/]+)\/([^/]+)\/(.+)$/.exec(hold) ?? [];
  return zone !== undefined && type !== undefined && name !== undefined ? { zone, type, name } : undefined;
}

/** The hold of a saga on one record: no other saga may write a record of this zone, type and name meanwhile. */
export const recordHolds = ({ dns_domain: zone, dns_record_type: type, dns_record_name: name }: DnsRecordInput): string[] => [
  `zone-record:${zone}/${type}/${name}`,
];
