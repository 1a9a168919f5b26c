package blob

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"gezhi/internal/fault"
)

// Place is where an S3 bucket is.
type Place struct {
	Endpoint    string // host:port
	TLS         bool
	Bucket      string
	Prefix      string // of the names in it, with a slash behind it; may be ""
	Region      string // "" is us-east-1
	Key, Secret string
}

// Bucket keeps files in an S3 bucket, whoever runs it. A file is written to a local folder first:
// it is looked at whole before it is sent.
type Bucket struct {
	client *minio.Client
	place  Place
	spool  string
}

// OpenBucket opens a bucket, which must be there; spool is a local folder. Several processes may
// share a bucket.
func OpenBucket(ctx context.Context, p Place, spool string) (*Bucket, error) {
	if p.Region == "" {
		p.Region = "us-east-1"
	}
	client, err := minio.New(p.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(p.Key, p.Secret, ""), Secure: p.TLS, Region: p.Region, BucketLookup: minio.BucketLookupPath, MaxRetries: 3})
	if err == nil {
		err = os.MkdirAll(spool, 0o750)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	there, err := client.BucketExists(ctx, p.Bucket)
	if err == nil && !there {
		err = errors.New("no such bucket")
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	return &Bucket{client, p, spool}, nil
}

// Close gives nothing back: connections end by themselves.
func (b *Bucket) Close() error { return nil }

func (b *Bucket) name(hash string) string {
	_, name := place(hash)
	return b.place.Prefix + name
}

// Put stores what r gives, with its checksum, which the bucket compares.
func (b *Bucket) Put(ctx context.Context, r io.Reader, max int64, look Look) (Info, error) {
	tmp, err := os.CreateTemp(b.spool, "put")
	if err != nil {
		return Info{}, broken(err)
	}
	defer func() { _, _ = tmp.Close(), os.Remove(tmp.Name()) }()
	info, err := fill(ctx, tmp, r, max, look)
	if err != nil {
		return Info{}, err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return Info{}, broken(err)
	}
	_, err = b.client.PutObject(ctx, b.place.Bucket, b.name(info.Hash), tmp, info.Size, minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: true})
	if err != nil {
		return Info{}, broken(err)
	}
	return info, nil
}

// Open opens a stored file for reading; only what is read is fetched.
func (b *Bucket) Open(ctx context.Context, hash string) (File, error) {
	if !valid(hash) {
		return nil, none()
	}
	o, err := b.client.GetObject(ctx, b.place.Bucket, b.name(hash), minio.GetObjectOptions{})
	if err == nil {
		_, err = o.Stat()
	}
	if isNone(err) {
		return nil, none()
	}
	if err != nil {
		return nil, broken(err)
	}
	return o, nil
}

// Delete removes a stored file. Between the look at its age and the removal somebody may put it
// again; who does within that moment loses it, which a bucket without locks cannot prevent.
func (b *Bucket) Delete(ctx context.Context, hash string, since time.Time) error {
	if !valid(hash) {
		return none()
	}
	i, err := b.client.StatObject(ctx, b.place.Bucket, b.name(hash), minio.StatObjectOptions{})
	switch {
	case isNone(err):
		return nil
	case err != nil:
		return broken(err)
	case !i.LastModified.Before(since.Truncate(time.Second)): // this answer knows whole seconds alone
		return nil
	}
	if err := b.client.RemoveObject(ctx, b.place.Bucket, b.name(hash), minio.RemoveObjectOptions{}); err != nil && !isNone(err) {
		return broken(err)
	}
	return nil
}

// Each tells of every file.
func (b *Bucket) Each(ctx context.Context, tell func(hash string, putAt time.Time) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the listing where tell does
	for o := range b.client.ListObjects(ctx, b.place.Bucket, minio.ListObjectsOptions{Prefix: b.place.Prefix, Recursive: true}) {
		if o.Err != nil {
			return broken(o.Err)
		}
		_, hash, _ := strings.Cut(strings.TrimPrefix(o.Key, b.place.Prefix), "/")
		if !valid(hash) {
			continue // none of ours
		}
		if err := tell(hash, o.LastModified); err != nil {
			return err
		}
	}
	return nil
}

func isNone(err error) bool {
	var r minio.ErrorResponse
	return errors.As(err, &r) && r.StatusCode == http.StatusNotFound
}
