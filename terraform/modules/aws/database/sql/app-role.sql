-- The role that the service logs in as, and the database that it owns. The administrator runs it with psql, once, and again
-- whenever in doubt: the second run changes nothing. It connects to postgres, since the other one lets in its owner alone:
--
--   psql dbname=postgres -v user=myapp -v database=myapp -v authentication=iam -f app-role.sql
--
-- With authentication=password it sets none: afterwards say \password myapp, so that the password is in no file and no history.

\set ON_ERROR_STOP on

SELECT :'authentication' = 'iam' AS with_iam, :'authentication' = 'password' AS with_password \gset
\if :with_iam
\elif :with_password
\else
  \echo 'authentication must be iam or password'
  SELECT 1 / 0 AS "refused";
\endif

BEGIN;

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', :'user')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec

\if :with_iam
  -- Whoever is a member logs in with a token, and with a password no more.
  GRANT rds_iam TO :"user";
\else
  SELECT format('REVOKE rds_iam FROM %I', :'user')
  WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') AND pg_has_role(:'user', 'rds_iam', 'MEMBER') \gexec
\endif

-- Only a member may give a database to a role. The administrator must not stay one: RDS asks a token of whoever belongs to
-- rds_iam, directly or through another role, and would take the administrator's password no more.
GRANT :"user" TO CURRENT_USER;
ALTER DATABASE :"database" OWNER TO :"user";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE :"user" FROM CURRENT_USER;

COMMIT;
