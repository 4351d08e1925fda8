"""The reviewer's list as Django's tutorial would have it: the ORM with select_related, Django's templates, sessions in the database."""
