import { Injectable, type PipeTransform } from '@nestjs/common';
import { ValidationFailedError } from '#libs/kernel';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Ids are UUIDs. Any other text is refused before it reaches a statement. */
@Injectable()
export class UuidPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!UUID.test(value)) throw new ValidationFailedError([{ field: 'id', message: 'id must be a UUID' }]);
    return value.toLowerCase();
  }
}
