import type { Queryable } from '#libs/database';
import { linkHash } from './append-only-stream';
import { NO_HEAD, type ChainHead } from './chain-head';
import type { Finding } from './finding';

/** Links that one statement checks. */
const BATCH_LINKS = 5_000;

/**
 * Checks a batch of links. Numbers begin at 1; the first batch also reads lower ones. Returns one row: the wrong links and the last link.
 * $1 number of the previous link, $2 its hash in hex, $3 batch size. Set-based: one statement checks a batch.
 */
const CHECK_LINKS = `
with part as (
  select l.*, lag(l.no, 1, $1::bigint) over (order by l.no) as prev_no, lag(l.hash, 1, decode($2, 'hex')) over (order by l.no) as last_hash
    from (select * from record_chain where no > $1 or $1 = 0 order by no limit $3) l),
checked as (
  select l.no, l.prev_no, l.digest_id, l.hash, d.id is not null as has_digest,
         l.prev_hash = l.last_hash and l.hash = ${linkHash('l.prev_hash')} as follows
    from part l left join record_digests d on d.id = l.digest_id)
select count(*)::int as links, max(no)::text as no, encode((array_agg(hash order by no desc))[1], 'hex') as hash,
       coalesce(json_agg(json_build_object('no', no::text, 'prev_no', prev_no::text, 'digest', digest_id::text, 'has_digest', has_digest) order by no)
                filter (where prev_no + 1 <> no or not has_digest or not follows), '[]') as wrong
  from checked`;

interface Checked {
  readonly links: number;
  readonly no: string | null;
  readonly hash: string | null;
  readonly wrong: readonly { no: string; prev_no: string; digest: string; has_digest: boolean }[];
}

/** Checks the chain from its first link: numbers without a gap, each hash computed over the previous hash and the link's digest. */
export async function checkLinks(on: Queryable, found: (finding: Finding) => void, onChecked: (links: number) => void): Promise<ChainHead> {
  let head = NO_HEAD;
  for (;;) {
    const [batch] = await on.query<Checked>(CHECK_LINKS, [head.no, head.hash, BATCH_LINKS]);
    if (!batch || batch.no === null || batch.hash === null) return head;
    for (const link of batch.wrong) for (const finding of findingsOf(link)) found(finding);
    onChecked(batch.links);
    head = { no: batch.no, hash: batch.hash };
  }
}

/** True when the chain contains the exported head. With intact links, everything before it is then unchanged since the export. */
export async function containsHead(on: Queryable, head: ChainHead): Promise<boolean> {
  if (head.no === NO_HEAD.no) return true;
  // Fenced: reads the snapshot of the verification, on its session, which has no repositories.
  const rows = await on.query(`select from record_chain where no = $1 and encode(hash, 'hex') = $2`, [head.no, head.hash]);
  return rows.length > 0;
}

function findingsOf({ no, prev_no, digest, has_digest }: Checked['wrong'][number]): Finding[] {
  const gap = BigInt(no) - BigInt(prev_no) > 1n;
  if (gap) return [{ what: 'link_missing', table: 'record_chain', id: String(BigInt(prev_no) + 1n) }];
  if (!has_digest) return [{ what: 'digest_missing', table: 'record_digests', id: digest }];
  return [{ what: 'link_edited', table: 'record_chain', id: no, digest }];
}
