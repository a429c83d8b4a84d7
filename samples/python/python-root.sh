#!/bin/sh
# Makes the root of an image with Python from Debian packages: python-root.sh FOLDER [PACKAGE…]
#
# The packages' own dependencies come along as far as they are libraries or Python's. So no shell, package manager or account is in it.
set -eu
root=$1
shift

# A fresh image of Debian has no package lists, and old lists name packages that are gone.
if ! apt-cache show python3 >/dev/null 2>&1; then
  apt-get -qq update
fi

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
wanted() {
  apt-cache depends --recurse --no-pre-depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances python3 python3-minimal "$@" |
    sed -n -e '/^libjs-/d' -e '/^libperl/d' -e '/-common$/d' -e '/^lib/p' -e '/^python3/p' -e '/^zlib/p' | sort -u
}
download() {
  wanted "$@" | (cd "$packages" && xargs apt-get -qq -o APT::Sandbox::User=root download)
}
if ! download "$@" 2>/dev/null; then
  apt-get -qq update
  download "$@"
fi

rm -rf "$root"
mkdir -p "$root"
for package in "$packages"/*.deb; do
  dpkg-deb --extract "$package" "$root"
done

# Of programs Python stays, of the documentation the licenses. Encodings that Python does not ask for, and modules of OpenSSL that nothing
# loads, go.
find "$root/usr/bin" ! -type d ! -name 'python3*' -delete
rm -f "$root"/usr/bin/*-config "$root"/usr/bin/pygettext*
find "$root/usr/share" ! -type d ! -name copyright -delete
find "$root/usr/share" -depth -type d -empty -delete
rm -rf "${root:?}"/bin "${root:?}"/sbin "$root"/usr/sbin "$root"/etc/ld.so.conf.d \
  "$root"/usr/lib/*/gconv "$root"/usr/lib/*/engines-3 "$root"/usr/lib/*/ossl-modules "$root"/usr/lib/*/audit
find "$root" -xtype l -name '*.js' -delete
# Where packages have everything below /usr, the loader is still looked for in /lib64.
for folder in lib lib64; do
  if [ -d "$root/usr/$folder" ] && [ ! -e "$root/$folder" ]; then
    ln -s "usr/$folder" "$root/$folder"
  fi
done

# An image is not written to, so that bytecode must be there; without times in it, the same packages give the same bytes.
PYTHONHOME="$root/usr" "$root/usr/bin/python3" -m compileall -q --invalidation-mode unchecked-hash -s "$root" "$root/usr/lib"
