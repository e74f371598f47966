/** Which image: one that cannot become another. Stateless. */
import { DriverError } from '../errors.ts';

const DIGEST = 'sha256:[0-9a-f]{64}';
/** Of a local image. */
const ID = new RegExp(`^${DIGEST}$`);
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d+)?/)?';
const REFERENCE = new RegExp(`^${HOST}${COMPONENT}(?:/${COMPONENT})*(:[\\w][\\w.-]{0,127})?(@${DIGEST})?$`);

/** @throws DriverError unless it is a reference with a digest, the id of an image, or, if that is allowed, one with a tag */
export function checkImage(image: unknown, allowsTag: boolean): string {
  if (typeof image !== 'string' || image === '')
    throw new DriverError("The option 'image' is missing: the image that workers run in, with its digest.");
  if (ID.test(image)) return image;
  const match = REFERENCE.exec(image);
  if (match === null)
    throw new DriverError(
      `'${image}' is no image. Write it as name@sha256:<64 hexadecimal digits>, or as the id sha256:<…>.`,
    );
  if (match[2] === undefined && !allowsTag)
    throw new DriverError(
      `The image '${image}' is named by a tag, which may mean another image tomorrow. Name it by its digest: ` +
        `docker image inspect --format '{{index .RepoDigests 0}}' ${image} (with '{{.Id}}' for one that was built here), ` +
        `or set 'allowTag'.`,
    );
  return image;
}
