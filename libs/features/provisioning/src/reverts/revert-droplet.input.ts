import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn } from 'class-validator';
import { OwnDropletInput, type WithDroplet } from '../droplets/own-droplet';

/** What the provider can change of a droplet in place, without losing anything. */
export const REVERTIBLE = ['size_slug', 'name', 'tags', 'backups'] as const;
export type RevertibleField = (typeof REVERTIBLE)[number];

/** A droplet to become again what was ordered, in these fields. */
export class RevertDropletInput extends OwnDropletInput {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(REVERTIBLE.length)
  @IsIn(REVERTIBLE, { each: true })
  readonly fields: RevertibleField[];
}

/** A droplet as it is to be. Our own tags are not among its tags. */
export interface DropletState {
  readonly size_slug: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly backups: boolean;
}

/** An accepted revert: the ordered state in the fields to revert, the live one in all others, and the version of the order that it serves. */
export type AcceptedRevert = WithDroplet<RevertDropletInput> & DropletState & { readonly spec_version: number };
