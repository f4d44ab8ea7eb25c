  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rsi, %rax
  roll $0x5, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  testq %rsi, %rsi
  jz      label4; j label1
block1:
  movq %rsi, 0x50(%rdi)
  jmp     label2
block2:
  movl $0x3, %eax
  jmp     label3
block3:
  movq %rbp, %rsp
  popq %rbp
  retq
block4:
  movl $0x1, %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %esi, %edi
  movl (%r8, %rdi), %eax
  addl 4(%r8, %rdi), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %r8
  movl %edx, %r9d
  movl (%r8, %r9), %r9d
  movl %esi, %r10d
  movl %r9d, (%r8, %r10)
  movq $0x5, 0x50(%rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq $0x5, 0x50(%rdi)
  movq 0x40(%rdi), %rdi
  movl %esi, %esi
  movl %edx, (%rdi, %rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, (%rsp)
  movq %r12, 8(%rsp)
  movq %r13, 0x10(%rsp)
  movq %r14, 0x18(%rsp)
block0:
  movl %esi, %esi
  movq %rsi, %r14
  uninit  %rcx
  xorl %ecx, %ecx
  movq 0x40(%rdi), %rbx
  movq %rdi, %r13
  jmp     label1
block1:
  movq 0x48(%rdi), %rdx
  movq %r14, %rsi
  leaq 4(%rsi), %rax
  cmpq %rdx, %rax
  jnbe    label2; j label3
block3:
  movl (%rbx, %rsi), %edx
  movq 0x48(%rdi), %r8
  leaq 8(%rsi), %r9
  cmpq %r8, %r9
  jnbe    label4; j label5
block5:
  movl 4(%rbx, %rsi), %r8d
  leal (%rdx, %r8), %edx
  roll $0x5, %ecx
  leal (%rcx, %rdx), %r12d
  movq 0x48(%rdi), %rcx
  leaq 4(%r12), %rdx
  cmpq %rcx, %rdx
  jnbe    label6; j label7
block7:
  movl (%rbx, %r12), %ecx
  movq 0x48(%rdi), %rdx
  cmpq %rdx, %rax
  jnbe    label8; j label9
block9:
  movl %ecx, (%rbx, %rsi)
  movq %rsi, %r14
  movq $0x5, 0x50(%rdi)
  movq %rdi, %r13
  movq %r12, %rdx
  call    User(userextname2)
  movq %r14, %rsi
  subl $0x4, %esi
  movq %rsi, %rdi
  movq %rsi, %r14
  testl %edi, %esi
  jnz     label10; j label11
block10:
  movq %r12, %rcx
  movq %r13, %rdi
  jmp     label1
block11:
  movq %r12, %rax
  movq (%rsp), %rbx
  movq 8(%rsp), %r12
  movq 0x10(%rsp), %r13
  movq 0x18(%rsp), %r14
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq %rdi, %r13
  movq %rsi, %r14
  jmp     label13
block4:
  movq %rdi, %r13
  movq %rsi, %r14
  jmp     label13
block6:
  movq %r12, %rdx
  movq %rdi, %r13
  movq %rsi, %r14
  jmp     label12
block8:
  movq %r12, %rdx
  movq %rdi, %r13
  movq %rsi, %r14
  jmp     label12
block12:
  call    User(userextname1)
  ud2
block13:
  call    User(userextname0)
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  testq %rsi, %rsi
  jz      label3; j label1
block1:
  movq %rsi, 0x50(%rdi)
  jmp     label2
block2:
  movl $0x3, %r8d
  jmp     label4
block3:
  movl $0x1, %r8d
  jmp     label4
block4:
  jmp     label5
block5:
  movq $0x7, 0x50(%rdi)
  jmp     label6
block6:
  movl $0x3, %eax
  jmp     label7
block7:
  leaq (%r8, %rax), %rax
  movq %rbp, %rsp
  popq %rbp
  retq

